/** Links as they are written in a document: `$node`, `$node.output`; `$$` is a dollar sign. */

import { type Graph, inputsOf, type Json, type JsonMap, type NodeData } from "@/document/workflow";

export type Reference = { node: string; output?: string };

/** The reference a value is, or undefined where it is a literal. */
export function referenceOf(value: Json | undefined): Reference | undefined {
  if (typeof value !== "string" || !value.startsWith("$") || value.startsWith("$$"))
    return undefined;
  const dot = value.indexOf(".");
  if (dot < 0) return { node: value.slice(1) };
  return { node: value.slice(1, dot), output: value.slice(dot + 1) };
}

export function writeReference(reference: Reference): string {
  return reference.output === undefined
    ? `$${reference.node}`
    : `$${reference.node}.${reference.output}`;
}

/** A literal as people see it: `$$5` is the text `$5`. */
export function literalOf(value: Json | undefined): Json | undefined {
  return typeof value === "string" && value.startsWith("$$") ? value.slice(1) : value;
}

/** A literal as it is written. */
export function writeLiteral(value: Json): Json {
  return typeof value === "string" && value.startsWith("$") ? `$${value}` : value;
}

const mapOf = (value: Json | undefined): JsonMap =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};

/** What a subgraph's output names: it is written `$node`, or `{from: $node, type: IMAGE}`. */
export function sourceOf(value: Json | undefined): Reference | undefined {
  return referenceOf(typeof value === "string" ? value : mapOf(value).from);
}

/** Every place of a node that may hold a reference: its inputs, and what its loop goes over. */
export function slotsOf(node: NodeData): [path: readonly string[], value: Json][] {
  const loop = mapOf(node.loop);
  const under = (value: Json | undefined, ...path: string[]) =>
    Object.entries(mapOf(value)).map(([key, item]): [string[], Json] => [[...path, key], item]);
  return [
    ...inputsOf(node).map(([key, value]): [string[], Json] => [[key], value]),
    ...under(node.inputs, "inputs"),
    ...under(loop.each, "loop", "each"),
    ...(loop.times === undefined ? [] : [[["loop", "times"], loop.times] as [string[], Json]]),
  ];
}

/** A node with another value in one of its places. */
export function withSlot(
  node: NodeData,
  path: readonly string[],
  value: Json | undefined,
): NodeData {
  const copy = structuredClone(node);
  const last = path[path.length - 1] as string;
  const holder = path.slice(0, -1).reduce<JsonMap>((map, key) => mapOf(map[key]), copy);
  if (value === undefined) delete holder[last];
  else holder[last] = value;
  return copy;
}

export type Link = { source: string; output: string | undefined; target: string; input: string };

export function linksOf(graph: Graph): Link[] {
  const links: Link[] = [];
  for (const [target, node] of Object.entries(graph.nodes))
    for (const [input, value] of inputsOf(node)) {
      const reference = referenceOf(value);
      if (reference)
        links.push({ source: reference.node, output: reference.output, target, input });
    }
  return links;
}

/** The node that is a bend in a link, and its one input. */
export const REROUTE = "Reroute";
export const REROUTE_INPUT = "value";

type Origin = { node: string; output?: string | undefined };

/** What a link that comes out of bends really comes from. */
export function origin(graph: Graph, node: string, output: string | undefined): Origin {
  const seen = new Set<string>();
  let at: Origin = { node, output };
  while (graph.nodes[at.node]?.node === REROUTE && !seen.has(at.node)) {
    seen.add(at.node);
    const before = referenceOf(graph.nodes[at.node]?.[REROUTE_INPUT]);
    if (!before) break;
    at = before;
  }
  return at;
}
