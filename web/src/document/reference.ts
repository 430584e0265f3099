/** Links as they are written in a document: `$node`, `$node.output`; `$$` is a dollar sign. */

import { type Graph, isMap, type Json } from "@/document/workflow";

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

/** What a subgraph's output names: it is written `$node`, or `{from: $node, type: IMAGE}`. */
export function sourceOf(value: Json | undefined): Reference | undefined {
  return referenceOf(isMap(value) ? value.from : value);
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
