/** Links as they are written in a document: `$node`, `$node.output`; `$$` is a dollar sign. */

import { type Graph, inputsOf, type Json } from "@/document/workflow";

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
