/** Automatic layout, loaded when it is first needed. */

import type { Problem } from "@/api/shapes";
import { heightOf, problemHeight, WIDTH } from "@/canvas/rows";
import { linksOf } from "@/document/links";
import type { Graph, Place } from "@/document/workflow";
import { nodeType } from "@/state/server";

export type Size = { width: number; height: number };

/** Sizes of nodes of which problems are told, with room for these; `trail`: the nodes that the graph is in. */
export function withProblems(
  graph: Graph,
  problems: readonly Problem[],
  trail: readonly string[] = [],
): Map<string, Size> {
  const sizes = new Map<string, Size>();
  for (const [name, node] of Object.entries(graph.nodes)) {
    const type = nodeType(node.node);
    const whole = [...trail, name].join(":");
    const mine = problems.filter((problem) => problem.node === whole);
    // Of an unknown type something is said always, and has its room.
    if (!type || mine.length === 0) continue;
    const layout = graph.layout?.nodes?.[name];
    const said = mine.reduce((sum, problem) => sum + problemHeight(problem), 0);
    const height = heightOf(type, node, layout) + said;
    sizes.set(name, { width: layout?.w ?? WIDTH, height });
  }
  return sizes;
}

/** Places for all nodes, left to right in the order of the links. */
export async function arrange(
  graph: Graph,
  sizes: ReadonlyMap<string, Size> = new Map(),
): Promise<{ [name: string]: Place }> {
  const dagre = await import("@dagrejs/dagre");
  const sheet = new dagre.graphlib.Graph();
  sheet.setGraph({ rankdir: "LR", nodesep: 28, ranksep: 72 });
  sheet.setDefaultEdgeLabel(() => ({}));
  for (const [name, node] of Object.entries(graph.nodes)) {
    const height = heightOf(nodeType(node.node), node, graph.layout?.nodes?.[name]);
    sheet.setNode(name, sizes.get(name) ?? { width: WIDTH, height });
  }
  for (const { source, target } of linksOf(graph))
    if (graph.nodes[source]) sheet.setEdge(source, target);
  dagre.layout(sheet);
  const places: { [name: string]: Place } = {};
  for (const name of Object.keys(graph.nodes)) {
    const { x, y, width, height } = sheet.node(name) as Place & Size;
    places[name] = { x: Math.round(x - width / 2), y: Math.round(y - height / 2) };
  }
  return places;
}
