/** The inputs and outputs of a subgraph: added, renamed, removed, here and wherever it is used. */

import { type Slot, setSlotIn, slotsOf } from "@/document/links";
import { unique } from "@/document/names";
import { Draft, type Edit, valueAt } from "@/document/operation";
import { referenceOf, writeReference } from "@/document/reference";
import { usesOf } from "@/document/subgraph";
import { graphAt, INPUTS, type Scope, type Workflow } from "@/document/workflow";

export type Side = "inputs" | "outputs";

/** An input of a node inside is given from outside from now on; its value becomes the default. */
export function promote(
  workflow: Workflow,
  scope: Scope,
  node: string,
  input: string,
  type: string,
): Edit {
  const graph = graphAt(workflow, scope);
  const value = graph.nodes[node]?.[input];
  const literal = value !== undefined && !referenceOf(value);
  const name = unique(input, new Set(Object.keys(graph.inputs ?? {})));
  return new Draft(workflow)
    .set([...scope, "inputs", name], literal ? { type, default: value } : type)
    .set([...scope, "nodes", node, input], writeReference({ node: INPUTS, output: name }))
    .done("promote");
}

/** What a node inside gives is given to the outside, under the name of its output. */
export function give(workflow: Workflow, scope: Scope, node: string, output: string): Edit {
  const outputs = graphAt(workflow, scope).outputs ?? {};
  const name = unique(output.toLowerCase(), new Set(Object.keys(outputs)));
  return new Draft(workflow)
    .set([...scope, "outputs", name], writeReference({ node, output }))
    .done("promote");
}

/** The places inside that take an input, or outside that take an output. */
function takersOf(
  workflow: Workflow,
  scope: Scope,
  side: Side,
  name: string,
): [Scope, node: string, Slot][] {
  const takers = (at: Scope, node: string) =>
    Object.entries(graphAt(workflow, at).nodes).flatMap(([taker, data]) =>
      slotsOf(data).flatMap(([path, value]) => {
        const reference = referenceOf(value);
        const same = reference?.node === node && reference.output === name;
        return same ? [[at, taker, path] as [Scope, string, Slot]] : [];
      }),
    );
  if (side === "inputs") return takers(scope, INPUTS);
  return usesOf(workflow, scope[1] ?? "").flatMap(([at, instance]) => takers(at, instance));
}

export function renameEnd(
  workflow: Workflow,
  scope: Scope,
  side: Side,
  from: string,
  to: string,
): Edit {
  const draft = new Draft(workflow).rename([...scope, side, from], to);
  for (const [at, node, slot] of takersOf(workflow, scope, side, from)) {
    const reference = referenceOf(valueAt(workflow, [...at, "nodes", node, ...slot]));
    if (reference) setSlotIn(draft, at, node, slot, writeReference({ ...reference, output: to }));
  }
  if (side === "inputs") onInstances(workflow, scope, from, (path) => draft.rename(path, to));
  for (const [key, value] of Object.entries(workflow.inputs ?? {})) {
    const target = side === "inputs" ? referenceOf(value) : undefined;
    const inside = target && workflow.nodes[target.node]?.node === scope[1];
    if (inside && target.output === from)
      draft.set(["inputs", key], writeReference({ ...target, output: to }));
  }
  return draft.done("rename");
}

/** Takes an input or output away; what took it gets nothing, or the input's default. */
export function removeEnd(workflow: Workflow, scope: Scope, side: Side, name: string): Edit {
  const spec = graphAt(workflow, scope)[side]?.[name];
  const usual =
    side === "inputs" && typeof spec === "object" && spec !== null && !Array.isArray(spec)
      ? spec.default
      : undefined;
  const draft = new Draft(workflow);
  for (const [at, node, slot] of takersOf(workflow, scope, side, name).reverse())
    setSlotIn(draft, at, node, slot, usual);
  if (side === "inputs") onInstances(workflow, scope, name, (path) => draft.remove(path));
  for (const [key, value] of Object.entries(workflow.inputs ?? {})) {
    const target = side === "inputs" ? referenceOf(value) : undefined;
    if (target?.output === name && workflow.nodes[target.node]?.node === scope[1])
      draft.remove(["inputs", key]);
  }
  return draft.remove([...scope, side, name]).done("delete");
}

/** Does something with the value that each node of the subgraph's type has for an input. */
function onInstances(
  workflow: Workflow,
  scope: Scope,
  input: string,
  change: (path: readonly string[]) => void,
): void {
  for (const [at, instance] of usesOf(workflow, scope[1] ?? ""))
    if (graphAt(workflow, at).nodes[instance]?.[input] !== undefined)
      change([...at, "nodes", instance, input]);
}
