/** Boxes that four inputs of a node hold (x, y, width, height), and how gestures change them. */

import { literalOf, referenceOf } from "@/document/reference";
import type { NodeData } from "@/document/workflow";
import { fit, type Limits } from "@/text/arithmetic";
import type { InputType, NodeType } from "@/types/nodeType";

export type Size = { width: number; height: number };
export type Box = Size & { x: number; y: number };
export type Side = keyof Box;

export const SIDES: readonly Side[] = ["x", "y", "width", "height"];

/** The limits of a box's inputs; `parts`: they are parts of the picture, else pixels. */
export type AreaSpec = { [side in Side]: InputType } & { parts: boolean };

/** What is held: the whole box, a side or corner by its compass point, or nothing yet. */
export type Grip = "move" | "n" | "e" | "s" | "w" | "ne" | "se" | "sw" | "nw";

export const GRIPS: readonly Grip[] = ["n", "e", "s", "w", "nw", "ne", "se", "sw"];

const specs = new WeakMap<NodeType, AreaSpec | false>();

function find(type: NodeType): AreaSpec | undefined {
  const found = SIDES.map((side) =>
    type.inputs.find(({ name, literal }) => literal && name === side),
  );
  const [x, y, width, height] = found;
  if (!x || !y || !width || !height) return undefined;
  const whole = found.every((input) => input?.type === "INT");
  const parts = found.every(
    (input) => input?.type === "FLOAT" && input.min === 0 && input.max === 1,
  );
  return whole || parts ? { x, y, width, height, parts } : undefined;
}

/** The inputs of a node type that are a box, where they are one. */
export function areaOf(type: NodeType | undefined): AreaSpec | undefined {
  if (!type) return undefined;
  const known = specs.get(type);
  if (known !== undefined) return known || undefined;
  const spec = find(type);
  specs.set(type, spec ?? false);
  return spec;
}

/** The box of a node, or undefined where a link decides about it. */
export function boxOf(spec: AreaSpec, node: NodeData): Box | undefined {
  const values = SIDES.map((side) => {
    const value = node[side];
    return referenceOf(value) ? Number.NaN : Number(literalOf(value) ?? spec[side].default ?? 0);
  });
  const [x = 0, y = 0, width = 0, height = 0] = values;
  return values.every(Number.isFinite) ? { x, y, width, height } : undefined;
}

/** A value on its input's steps, and within its limits and those of the picture. */
function settled(value: number, input: Limits & Pick<InputType, "type">, upTo = Infinity): number {
  const { min = 0, max = Infinity, step } = input;
  const by = step || (input.type === "INT" ? 1 : 0.01);
  const most = Math.max(min, Math.min(max, upTo));
  // What does not end on a step ends before the border, not behind it.
  const near = Math.min(Math.round(value / by), Math.floor(most / by + 1e-9)) * by;
  return fit(near, { min, max: most }, input.type === "INT");
}

/** One axis of a box whose start or end was moved by a distance. */
function stretched(
  [start, length]: [number, number],
  by: number,
  end: boolean,
  [place, size]: [InputType, InputType],
  whole: number,
): [number, number] {
  if (end) return [start, settled(length + by, size, whole - start)];
  const stop = start + length;
  const next = settled(start + by, place, stop - (size.min ?? 0));
  return [next, fit(stop - next, size, size.type === "INT")];
}

/**
 * A box after a gesture: what is held was moved by (dx, dy), in the units of the inputs.
 * `whole` is the picture's size in those units. `straight` moves along one axis only, and keeps
 * the shape of what is resized by a corner.
 */
export function dragged(
  box: Box,
  grip: Grip,
  { dx, dy }: { dx: number; dy: number },
  spec: AreaSpec,
  whole: Size,
  straight = false,
): Box {
  if (grip === "move") {
    const along = straight && Math.abs(dx) < Math.abs(dy);
    const across = straight && !along;
    return {
      ...box,
      x: along ? box.x : settled(box.x + dx, spec.x, whole.width - box.width),
      y: across ? box.y : settled(box.y + dy, spec.y, whole.height - box.height),
    };
  }
  let [x, width, y, height] = [box.x, box.width, box.y, box.height];
  const [north, south] = [grip.includes("n"), grip.includes("s")];
  const [west, east] = [grip.includes("w"), grip.includes("e")];
  let down = dy;
  if (straight && (north || south) && (west || east) && box.width > 0) {
    const grown = ((east ? dx : -dx) * box.height) / box.width;
    down = south ? grown : -grown;
  }
  if (west || east) [x, width] = stretched([x, width], dx, east, [spec.x, spec.width], whole.width);
  if (north || south)
    [y, height] = stretched([y, height], down, south, [spec.y, spec.height], whole.height);
  return { x, y, width, height };
}

/** A new box from one corner to another. */
export function drawn(
  from: { x: number; y: number },
  to: { x: number; y: number },
  spec: AreaSpec,
  whole: Size,
): Box {
  const axis = (a: number, b: number, place: InputType, size: InputType, all: number) => {
    const least = size.min ?? 0;
    const start = settled(Math.min(a, b), place, all - least);
    return [start, settled(Math.max(a, b) - start, size, all - start)] as const;
  };
  const [x, width] = axis(from.x, to.x, spec.x, spec.width, whole.width);
  const [y, height] = axis(from.y, to.y, spec.y, spec.height, whole.height);
  return { x, y, width, height };
}

/** A box as parts of the whole, for drawing it. */
export function shareOf(box: Box, whole: Size): Box {
  return {
    x: box.x / whole.width,
    y: box.y / whole.height,
    width: box.width / whole.width,
    height: box.height / whole.height,
  };
}
