/** Where the nodes of a sheet stand in their documents. */

import { ROW } from "@/canvas/rows";
import { type DrawnNode, OUTPUTS, type Sheet } from "@/diff/sheet";
import { INPUTS, type Place } from "@/document/workflow";

const HEAD = 40;
const GAP = 24;
const END_GAP = 96;

export type Places = ReadonlyMap<string, Place>;
type Box = Place & { width: number; height: number };

/** Roughly, before it is drawn. */
export function heightOf({ inputs, outputs, values }: DrawnNode): number {
  return HEAD + (Math.max(inputs.length, outputs.length) + values.length) * ROW;
}

function meet(one: Box, other: Box): boolean {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}

/** Below whatever stands there already. */
function free(box: Box, taken: readonly Box[]): Box {
  let moved = box;
  for (let other = taken.find((one) => meet(one, moved)); other; ) {
    moved = { ...moved, y: other.y + other.height + GAP };
    other = taken.find((one) => meet(one, moved));
  }
  return moved;
}

/** Undefined where a node has no place. What was removed makes way for what is there. */
export function standing({ nodes }: Sheet): Places | undefined {
  const places = new Map<string, Place>();
  const boxes: Box[] = [];
  const isEnd = ({ id }: DrawnNode) => id === INPUTS || id === OUTPUTS;
  const inner = nodes.filter((node) => !isEnd(node));
  const order = [...inner].sort(
    (a, b) => Number(a.sign === "removed") - Number(b.sign === "removed"),
  );
  for (const node of order) {
    if (!node.place) return undefined;
    const box = { ...node.place, width: node.width, height: heightOf(node) };
    const put = node.sign === "removed" ? free(box, boxes) : box;
    boxes.push(put);
    places.set(node.id, { x: put.x, y: put.y });
  }
  const left = Math.min(...boxes.map(({ x }) => x), 0);
  const right = Math.max(...boxes.map(({ x, width }) => x + width), 0);
  const top = Math.min(...boxes.map(({ y }) => y));
  for (const node of nodes.filter(isEnd)) {
    const x = node.id === INPUTS ? left - node.width - END_GAP : right + END_GAP;
    places.set(node.id, node.place ?? { x, y: Number.isFinite(top) ? top : 0 });
  }
  return places;
}
