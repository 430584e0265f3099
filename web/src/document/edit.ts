/** What people do to a graph, each as one edit. */

import { linksOf, type Slot, setSlotIn, slotOf, slotsOf } from "@/document/links";
import { nameFor, unique } from "@/document/names";
import { Draft, type Edit, valueAt } from "@/document/operation";
import { referenceOf, sourceOf, writeReference } from "@/document/reference";
import {
  type Graph,
  graphAt,
  type Json,
  type JsonMap,
  type Mode,
  type NodeData,
  type NodeLayout,
  type Place,
  type Scope,
  type Workflow,
} from "@/document/workflow";
import type { NodeType } from "@/types/nodeType";

export function takenNames(graph: Graph): Set<string> {
  return new Set(Object.keys(graph.nodes));
}

/** A new node of a type with the defaults of its literals. */
export function newNode(type: NodeType): NodeData {
  const node: NodeData = { node: type.id };
  for (const input of type.inputs) {
    if (!input.literal || input.optional) continue;
    if (input.default !== undefined && input.default !== null) node[input.name] = input.default;
    else if (input.choices?.[0] !== undefined) node[input.name] = input.choices[0];
    else if (input.type === "STRING") node[input.name] = "";
  }
  return node;
}

export function addNode(
  workflow: Workflow,
  scope: Scope,
  type: NodeType,
  at: Place,
  values: JsonMap = {},
): { edit: Edit; name: string } {
  const name = unique(nameFor(type.id), takenNames(graphAt(workflow, scope)));
  const draft = new Draft(workflow)
    .set([...scope, "nodes", name], { ...newNode(type), ...values })
    .set([...scope, "layout", "nodes", name], { x: Math.round(at.x), y: Math.round(at.y) });
  return { edit: draft.done("add"), name };
}

export function setInput(
  workflow: Workflow,
  scope: Scope,
  node: string,
  input: string,
  value: Json | undefined,
): Edit {
  return setSlot(workflow, scope, node, [input], value);
}

/** Sets an input, or a value deeper in a node, as what its loop goes over. */
export function setSlot(
  workflow: Workflow,
  scope: Scope,
  node: string,
  slot: readonly string[],
  value: Json | undefined,
): Edit {
  const path = [...scope, "nodes", node, ...slot];
  return new Draft(workflow).set(path, value).done("value", `value ${path.join("/")}`);
}

/** A port; `slot` where its value stands, if not where the port's name says. */
export type End = { node: string; port: string; slot?: Slot };

function slotAt(workflow: Workflow, scope: Scope, { node, port, slot }: End): Slot {
  const data = graphAt(workflow, scope).nodes[node];
  return slot ?? (data ? slotOf(data, port) : [port]);
}

/** Draws a link; `alone` says that the source has one output only, which needs no name. */
export function connect(
  workflow: Workflow,
  scope: Scope,
  from: End,
  to: End,
  alone: boolean,
): Edit {
  const reference = writeReference(
    alone ? { node: from.node } : { node: from.node, output: from.port },
  );
  const draft = new Draft(workflow);
  setSlotIn(draft, scope, to.node, slotAt(workflow, scope, to), reference);
  return draft.done("link");
}

/** Takes a link out; a literal input gets its default back. */
export function disconnect(workflow: Workflow, scope: Scope, to: End, fallback?: Json): Edit {
  const draft = new Draft(workflow);
  const slot = slotAt(workflow, scope, to);
  const looped = slot[0] === "loop";
  setSlotIn(draft, scope, to.node, slot, looped ? undefined : fallback);
  const node = graphAt(draft.document, scope).nodes[to.node];
  if (looped && node && fallback !== undefined && slotOf(node, to.port)[0] !== "loop")
    setSlotIn(draft, scope, to.node, slotOf(node, to.port), fallback);
  return draft.done("unlink");
}

/** Removes nodes with the links from them and the exposed inputs that name them. */
export function removeNodes(workflow: Workflow, scope: Scope, names: readonly string[]): Edit {
  const gone = new Set(names);
  const draft = new Draft(workflow);
  const graph = graphAt(workflow, scope);
  // The last first: items of a list move up when one before them goes.
  for (const { source, target, slot } of linksOf(graph).toReversed())
    if (gone.has(source) && !gone.has(target)) setSlotIn(draft, scope, target, slot, undefined);
  for (const section of ["inputs", "outputs"] as const)
    for (const [key, value] of Object.entries(graph[section] ?? {}))
      if (gone.has(sourceOf(value)?.node ?? "")) draft.remove([...scope, section, key]);
  for (const name of names) {
    draft.remove([...scope, "nodes", name]);
    if (graph.layout?.nodes?.[name]) draft.remove([...scope, "layout", "nodes", name]);
  }
  return draft.done("delete");
}

export function moveNodes(
  workflow: Workflow,
  scope: Scope,
  places: { [name: string]: Place },
  label = "move",
): Edit {
  const draft = new Draft(workflow);
  const layout = graphAt(workflow, scope).layout?.nodes ?? {};
  for (const [name, { x, y }] of Object.entries(places)) {
    const before: NodeLayout | undefined = layout[name];
    const [left, top] = [Math.round(x), Math.round(y)];
    if (before?.x === left && before.y === top) continue;
    draft.set([...scope, "layout", "nodes", name], { ...before, x: left, y: top });
  }
  return draft.done(label);
}

/** Changes how nodes look: collapsed, pinned, colour, width. */
export function styleNodes(
  workflow: Workflow,
  scope: Scope,
  names: readonly string[],
  change: (layout: NodeLayout) => NodeLayout,
  label: string,
): Edit {
  const draft = new Draft(workflow);
  const layout = graphAt(workflow, scope).layout?.nodes ?? {};
  for (const name of names)
    draft.set([...scope, "layout", "nodes", name], change(layout[name] ?? { x: 0, y: 0 }));
  return draft.done(label);
}

/** Mutes or bypasses; where all are so already, switches it off. */
export function toggleMode(
  workflow: Workflow,
  scope: Scope,
  names: readonly string[],
  mode: Mode,
): Edit {
  const { nodes } = graphAt(workflow, scope);
  const off = names.every((name) => nodes[name]?.[mode] === true);
  const draft = new Draft(workflow);
  for (const name of names) {
    draft.set([...scope, "nodes", name, mode === "mute" ? "bypass" : "mute"], undefined);
    draft.set([...scope, "nodes", name, mode], off ? undefined : true);
  }
  return draft.done(mode);
}

/** Another name for a node, in every link and exposed input as well. */
/** What the workflow is called; nothing takes its name away. */
export function nameWorkflow(workflow: Workflow, name: string): Edit {
  return new Draft(workflow).set(["name"], name.trim() || undefined).done("name");
}

export function renameNode(workflow: Workflow, scope: Scope, from: string, to: string): Edit {
  const draft = new Draft(workflow);
  const graph = graphAt(workflow, scope);
  const moved = (value: Json) => {
    const reference = referenceOf(value);
    return reference?.node === from ? writeReference({ ...reference, node: to }) : undefined;
  };
  for (const [name, node] of Object.entries(graph.nodes))
    for (const [path, value] of slotsOf(node)) {
      const next = moved(value);
      if (next) setSlotIn(draft, scope, name, path, next);
    }
  for (const section of ["inputs", "outputs"] as const)
    for (const [key, value] of Object.entries(graph[section] ?? {})) {
      const path = [...scope, section, key, ...(typeof value === "string" ? [] : ["from"])];
      const next = moved(valueAt(workflow, path) ?? null);
      if (next) draft.set(path, next);
    }
  draft.rename([...scope, "nodes", from], to);
  if (graph.layout?.nodes?.[from]) draft.rename([...scope, "layout", "nodes", from], to);
  return draft.done("rename");
}

/** Puts a node into a link: the source feeds it, and it feeds what the source fed. */
export function insertIntoLink(
  workflow: Workflow,
  scope: Scope,
  name: string,
  target: End,
  input: string,
  output: string | undefined,
): Edit {
  const slot = slotAt(workflow, scope, target);
  const source = valueAt(workflow, [...scope, "nodes", target.node, ...slot]);
  if (source === undefined) return { label: "insert", patches: [] };
  const reference = output === undefined ? { node: name } : { node: name, output };
  const draft = new Draft(workflow).set([...scope, "nodes", name, input], source);
  setSlotIn(draft, scope, target.node, slot, writeReference(reference));
  return draft.done("insert");
}

/** Shows inputs of a node in the form view, or takes them out of it where all are there. */
export function toggleExposed(workflow: Workflow, node: string, inputs: readonly string[]): Edit {
  const shown = new Map(Object.entries(workflow.inputs ?? {}).map(([key, to]) => [to, key]));
  const references = inputs.map((output) => writeReference({ node, output }));
  const draft = new Draft(workflow);
  if (references.every((reference) => shown.has(reference))) {
    for (const reference of references) draft.remove(["inputs", shown.get(reference) as string]);
    return draft.done("expose");
  }
  for (const [index, reference] of references.entries()) {
    if (shown.has(reference)) continue;
    const input = inputs[index] as string;
    const names = new Set(Object.keys(draft.document.inputs ?? {}));
    draft.set(["inputs", unique(input === "text" ? node : input, names)], reference);
  }
  return draft.done("expose");
}
