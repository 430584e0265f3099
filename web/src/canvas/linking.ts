/** Links while they are drawn: what fits, and what a drop does. */

import { gives, NEW, takes } from "@/canvas/ends";
import { OUTPUTS } from "@/canvas/flow";
import { connect, disconnect, type End } from "@/document/edit";
import { give, promote, removeEnd } from "@/document/ends";
import { slotOf, TIMES } from "@/document/links";
import { apply, Draft, type Edit } from "@/document/operation";
import { origin, writeReference } from "@/document/reference";
import { graphAt, INPUTS, type Scope, type Workflow } from "@/document/workflow";
import { nodeType, useServer } from "@/state/server";
import { act, asOne, currentGraph } from "@/state/tabs";
import { inputFor, outputFor } from "@/types/compatible";
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
  if (!drawToEnd(from, to)) act((document, scope) => drawn(document, scope, from, to));
}

function drawn(document: Workflow, scope: Scope, from: End, to: End): Edit {
  const alone = from.node !== INPUTS && (typeOf(from.node)?.outputs.length ?? 0) === 1;
  return connect(document, scope, from, to, alone);
}

/** Takes the link into an input away; a widget gets its default back. */
export function cutLink(to: End): void {
  act((document, scope) => cut(document, scope, to));
}

function cut(document: Workflow, scope: Scope, to: End): Edit {
  if (to.node === OUTPUTS) return removeEnd(document, scope, "outputs", to.port);
  const spec = typeOf(to.node)?.inputs.find(({ name }) => name === to.port);
  const fallback = spec?.literal && spec.default !== null ? spec.default : undefined;
  return graphAt(document, scope).nodes[to.node]
    ? disconnect(document, scope, to, fallback)
    : { label: "unlink", patches: [] };
}

/** A link ends elsewhere: one edit, so that one undo brings it back. */
export function moveLink(old: End, from: End, to: End): void {
  if (old.node === to.node && old.port === to.port) return;
  if (to.node === OUTPUTS || from.node === INPUTS) {
    asOne(() => {
      cutLink(old);
      drawLink(from, to);
    });
    return;
  }
  act((document, scope) => {
    const { patches } = cut(document, scope, old);
    const next = drawn(apply(document, patches), scope, from, to);
    return { label: "link", patches: [...patches, ...next.patches] };
  });
}

/** The input of a node that a link would take when it is dropped on the node itself. */
export function portBelow(node: string, from: End, side: "in" | "out"): string | undefined {
  const type = typeOf(node);
  if (!type || node === from.node) return undefined;
  const { types } = useServer.getState();
  const wire = portType(from, side);
  if (side === "in") return outputFor(types, type, wire);
  const data = currentGraph().nodes[node];
  const free = type.inputs.filter(({ name }) => data?.[name] === undefined);
  return inputFor(types, { ...type, inputs: free }, wire) ?? inputFor(types, type, wire);
}
