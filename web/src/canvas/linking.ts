/** Links while they are drawn: what fits, and what a drop does. */

import type { Connection, Edge } from "@xyflow/react";
import { gives, NEW, takes } from "@/canvas/ends";
import { OUTPUTS } from "@/canvas/flow";
import { connect, disconnect, type End } from "@/document/edit";
import { give, promote, removeEnd } from "@/document/ends";
import { linksInto, slotOf, TIMES } from "@/document/links";
import { Draft } from "@/document/operation";
import { origin, writeReference } from "@/document/reference";
import { graphAt, INPUTS } from "@/document/workflow";
import { nodeType, useServer } from "@/state/server";
import { act, currentGraph } from "@/state/tabs";
import { accepts } from "@/types/compatible";
import type { NodeType } from "@/types/nodeType";

export function typeOf(name: string): NodeType | undefined {
  const graph = currentGraph();
  const node = graph.nodes[name];
  if (node) return nodeType(node.node);
  if (name === INPUTS) return takes(graph);
  return name === OUTPUTS ? gives(graph) : undefined;
}

function outputType(node: string, output: string | undefined): string {
  const outputs = typeOf(node)?.outputs ?? [];
  return (outputs.find(({ name }) => name === output) ?? outputs[0])?.type ?? "*";
}

export function portType(end: End, side: "in" | "out"): string {
  if (side === "out") {
    const first = origin(currentGraph(), end.node, end.port);
    if (first.node !== end.node) return outputType(first.node, first.output);
  }
  if (end.port === TIMES) return "INT";
  const type = typeOf(end.node);
  const ports = side === "in" ? type?.inputs : type?.outputs;
  const found = ports?.find(({ name }) => name === end.port)?.type ?? "*";
  const node = side === "in" ? currentGraph().nodes[end.node] : undefined;
  const over = node && slotOf(node, end.port)[0] === "loop";
  return over && found !== "*" ? `list[${found}],${found}` : found;
}

/** Whether `to` is among what `from` needs, so that a link would close a circle. */
function feeds(from: string, to: string): boolean {
  const graph = currentGraph();
  const seen = new Set<string>();
  const stack = [from];
  while (stack.length > 0) {
    const name = stack.pop() as string;
    if (name === to) return true;
    if (seen.has(name)) continue;
    seen.add(name);
    const node = graph.nodes[name];
    if (node) stack.push(...linksInto(name, node).map(({ source }) => source));
  }
  return false;
}

export function fits(link: Connection | Edge): boolean {
  const { source, target, sourceHandle, targetHandle } = link;
  if (!source || !target || !sourceHandle || !targetHandle || source === target) return false;
  const given = portType({ node: source, port: sourceHandle }, "out");
  const wanted = portType({ node: target, port: targetHandle }, "in");
  return accepts(useServer.getState().types, wanted, given) && !feeds(source, target);
}

/** A link to an end of a subgraph: the port `+` makes a new input or output. */
function drawToEnd(from: End, to: End): boolean {
  if (from.node === INPUTS && from.port === NEW) {
    if (to.node === OUTPUTS) return true;
    act((document, scope) => promote(document, scope, to.node, to.port, portType(to, "in")));
    return true;
  }
  if (to.node !== OUTPUTS) return false;
  act((document, scope) =>
    to.port === NEW
      ? give(document, scope, from.node, from.port)
      : new Draft(document)
          .set(
            [...scope, "outputs", to.port],
            writeReference({ node: from.node, output: from.port }),
          )
          .done("link"),
  );
  return true;
}

export function drawLink(from: End, to: End): void {
  if (drawToEnd(from, to)) return;
  const alone = from.node !== INPUTS && (typeOf(from.node)?.outputs.length ?? 0) === 1;
  act((document, scope) => connect(document, scope, from, to, alone));
}

/** Takes the link into an input away; a widget gets its default back. */
export function cutLink(to: End): void {
  if (to.node === OUTPUTS) {
    act((document, scope) => removeEnd(document, scope, "outputs", to.port));
    return;
  }
  const spec = typeOf(to.node)?.inputs.find(({ name }) => name === to.port);
  const fallback = spec?.literal && spec.default !== null ? spec.default : undefined;
  act((document, scope) =>
    graphAt(document, scope).nodes[to.node]
      ? disconnect(document, scope, to, fallback)
      : { label: "unlink", patches: [] },
  );
}
