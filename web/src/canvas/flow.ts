/** The graph as React Flow wants it; objects are kept where nothing changed. */

import type { Edge, Node } from "@xyflow/react";
import { linksOf } from "@/document/reference";
import type { Graph } from "@/document/workflow";
import { nodeType, useServer } from "@/state/server";
import { colourOf } from "@/types/compatible";

export type Kind = "node" | "group" | "note";

export const GROUP = "group:";
export const NOTE = "note:";

export function toNodes(graph: Graph, before: readonly Node[]): Node[] {
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
      node.draggable === more.draggable;
    if (node && same) result.push(node);
    else
      result.push({
        ...(node?.selected ? { selected: true } : {}),
        ...(node?.measured ? { measured: node.measured } : {}),
        id,
        type,
        data: {},
        position: { x, y },
        ...more,
      });
  };
  for (const [id, { x, y, w, h }] of Object.entries(layout.groups ?? {}))
    put(GROUP + id, "group", x, y, { width: w, height: h, zIndex: -1, dragHandle: ".group-title" });
  for (const [id, { x, y, w, h }] of Object.entries(layout.notes ?? {}))
    put(NOTE + id, "note", x, y, { width: w, height: h });
  for (const name of Object.keys(graph.nodes)) {
    const place = layout.nodes?.[name];
    put(name, "node", place?.x ?? 0, place?.y ?? 0, place?.pinned ? { draggable: false } : {});
  }
  return result;
}

/** The name of a node's output that a reference without a name means. */
export function outputName(type: string, output: string | undefined): string {
  const outputs = nodeType(type)?.outputs ?? [];
  if (output === undefined) return outputs[0]?.name ?? "";
  return outputs[Number(output)]?.name ?? output;
}

export function toEdges(graph: Graph, before: readonly Edge[]): Edge[] {
  const { types } = useServer.getState();
  const old = new Map(before.map((edge) => [edge.id, edge]));
  const result: Edge[] = [];
  for (const { source, output, target, input } of linksOf(graph)) {
    const from = graph.nodes[source];
    if (!from) continue;
    const sourceHandle = outputName(from.node, output);
    const kind =
      nodeType(from.node)?.outputs.find(({ name }) => name === sourceHandle)?.type ?? "*";
    const id = `${source}.${sourceHandle}>${target}.${input}`;
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
        style: { stroke },
        ariaLabel: `${source}.${sourceHandle} → ${target}.${input}`,
        reconnectable: "target",
      });
  }
  return result;
}
