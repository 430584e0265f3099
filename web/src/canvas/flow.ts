/** The graph as React Flow wants it; objects are kept where nothing changed. */

import type { Edge, Node } from "@xyflow/react";
import { takes } from "@/canvas/ends";
import { estimate } from "@/canvas/estimate";
import { WIDTH } from "@/canvas/rows";
import type { End } from "@/document/edit";
import { type Link, linksOf, type Slot } from "@/document/links";
import { origin, sourceOf } from "@/document/reference";
import {
  GROUP,
  type Graph,
  INPUTS,
  NOTE,
  type NodeData,
  type NodeLayout,
  type Place,
} from "@/document/workflow";
import { nodeType, useServer } from "@/state/server";
import { colourOf } from "@/types/compatible";
import { outputOf } from "@/types/nodeType";

export type Kind = "node" | "group" | "note" | "end";

/** Behind the nodes also while it is selected, which React Flow lifts by 1000. */
const BEHIND = -1001;
/** The node on a subgraph's canvas that is its outputs; that of its inputs is called as links do. */
export const OUTPUTS = "outputs:";

const END_WIDTH = 160;
const END_GAP = 96;

/** Where the two ends of a subgraph stand: where they were put, or left and right of its nodes. */
export function endPlaces(graph: Graph): { inputs: Place; outputs: Place } {
  const places = Object.values(graph.layout?.nodes ?? {});
  const top = places.length > 0 ? Math.min(...places.map(({ y }) => y)) : 0;
  const left = places.length > 0 ? Math.min(...places.map(({ x }) => x)) : 0;
  const right = Math.max(...places.map(({ x, w }) => x + (w ?? WIDTH)), left);
  const { inputs, outputs } = graph.layout?.ends ?? {};
  return {
    inputs: inputs ?? { x: left - END_WIDTH - END_GAP, y: top },
    outputs: outputs ?? { x: right + END_GAP, y: top },
  };
}

/** What the size and the ports of a node follow from. */
type Form = { of: NodeData; collapsed: boolean | undefined; w: number | undefined };

/** The same object where nothing of it changed. */
function formOf(of: NodeData, place: NodeLayout | undefined, before: Node["data"] | undefined) {
  const form: Form = { of, collapsed: place?.collapsed, w: place?.w };
  const old = before as Form | undefined;
  const same = old?.of === of && old.collapsed === form.collapsed && old.w === form.w;
  return same ? old : form;
}

/**
 * The nodes of a graph; of `many` those that are not `drawn` with all that stands on them get an estimate
 * of their size and ports, and another one when their form changes.
 */
export function toNodes(
  graph: Graph,
  before: readonly Node[],
  inside: boolean,
  many: boolean,
  drawn: (id: string) => boolean,
): Node[] {
  const old = new Map(before.map((node) => [node.id, node]));
  const layout = graph.layout ?? {};
  const result: Node[] = [];
  const put = (id: string, type: Kind, x: number, y: number, more: Partial<Node> = {}) => {
    const node = old.get(id);
    const same =
      node?.type === type &&
      node.position.x === x &&
      node.position.y === y &&
      node.width === more.width &&
      node.height === more.height &&
      (more.data === undefined || node.data === more.data) &&
      node.draggable === more.draggable;
    if (node && same) result.push(node);
    else
      result.push({
        ...(node?.selected ? { selected: true } : {}),
        ...(node?.measured ? { measured: node.measured } : {}),
        ...(node?.handles ? { handles: node.handles } : {}),
        id,
        type,
        data: {},
        position: { x, y },
        ...more,
      });
  };
  for (const [id, { x, y, w, h }] of Object.entries(layout.groups ?? {}))
    put(GROUP + id, "group", x, y, {
      width: w,
      height: h,
      zIndex: BEHIND,
      dragHandle: ".group-title",
    });
  for (const [id, { x, y, w, h }] of Object.entries(layout.notes ?? {}))
    put(NOTE + id, "note", x, y, { width: w, height: h });
  if (inside) {
    const { inputs, outputs } = endPlaces(graph);
    put(INPUTS, "end", inputs.x, inputs.y);
    put(OUTPUTS, "end", outputs.x, outputs.y);
  }
  for (const [name, node] of Object.entries(graph.nodes)) {
    const place = layout.nodes?.[name];
    const last = old.get(name);
    const data = many ? formOf(node, place, last?.data) : undefined;
    const unknown = many && (!last?.measured || (data !== last.data && !drawn(name)));
    put(name, "node", place?.x ?? 0, place?.y ?? 0, {
      ...(place?.pinned ? { draggable: false } : {}),
      ...(data ? { data } : {}),
      ...(unknown ? estimate(nodeType(node.node), node, place) : {}),
    });
  }
  return result;
}

/** A subgraph's outputs as links into the node that shows them. */
function gives(graph: Graph): Link[] {
  return Object.entries(graph.outputs ?? {}).flatMap(([input, value]) => {
    const source = sourceOf(value);
    if (!source) return [];
    return [{ source: source.node, output: source.output, target: OUTPUTS, input, slot: [input] }];
  });
}

/** The name of a node's output that a reference without a name means. */
export function outputName(type: string, output: string | undefined): string {
  return outputOf(nodeType(type)?.outputs ?? [], output);
}

export function edgeId(source: string, output: string, target: string, slot: Slot): string {
  return `${source}.${output}>${target}.${slot.join(".")}`;
}

/** Where a drawn link ends. */
export function endOf({ target, targetHandle, data }: Edge): End {
  return { node: target, port: targetHandle ?? "", ...(data as { slot: Slot } | undefined) };
}

export function toEdges(graph: Graph, before: readonly Edge[], inside: boolean): Edge[] {
  const { types } = useServer.getState();
  const old = new Map(before.map((edge) => [edge.id, edge]));
  const result: Edge[] = [];
  const given = inside ? takes(graph) : undefined;
  const links = inside ? [...linksOf(graph), ...gives(graph)] : linksOf(graph);
  for (const { source, output, target, input, slot } of links) {
    const from = graph.nodes[source];
    const type = source === INPUTS ? given : from && nodeType(from.node);
    if (!from && !type) continue;
    const sourceHandle = from ? outputName(from.node, output) : (output ?? "");
    const first = origin(graph, source, output);
    const giver = first.node === INPUTS ? given : nodeType(graph.nodes[first.node]?.node ?? "");
    const named = outputName(graph.nodes[first.node]?.node ?? "", first.output);
    const kind = giver?.outputs.find(({ name }) => name === named)?.type ?? "*";
    const id = edgeId(source, sourceHandle, target, slot);
    const edge = old.get(id);
    const stroke = colourOf(types, kind);
    if (edge?.style?.stroke === stroke) result.push(edge);
    else
      result.push({
        id,
        source,
        sourceHandle,
        target,
        targetHandle: input,
        type: "link",
        data: { slot },
        style: { stroke },
        ariaLabel: `${source}.${sourceHandle} → ${target}.${input}`,
        reconnectable: "target",
      });
  }
  return result;
}
