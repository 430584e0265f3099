/** Subgraphs: a selection becomes one, one is taken apart, an input is handed to the outside. */

import { takenNames } from "@/document/edit";
import { linksOf, portOf, setSlotIn, slotsOf, withSlot } from "@/document/links";
import { unique } from "@/document/names";
import { Draft, type Edit } from "@/document/operation";
import { type Reference, referenceOf, sourceOf, writeReference } from "@/document/reference";
import {
  type Graph,
  graphAt,
  INPUTS,
  inputsOf,
  isMap,
  type Json,
  type NodeData,
  type Place,
  type Scope,
  type Workflow,
} from "@/document/workflow";
import type { NodeType } from "@/types/nodeType";

export type TypeOf = (id: string) => NodeType | undefined;

/** A node outside that is fed by a part of a graph and feeds it: such a part cannot be one node. */
export function between(graph: Graph, part: ReadonlySet<string>): string | undefined {
  const links = linksOf(graph);
  const reach = (from: ReadonlySet<string>, forth: boolean) => {
    const seen = new Set<string>();
    const stack = [...from];
    while (stack.length > 0) {
      const name = stack.pop();
      for (const { source, target } of links) {
        const [here, there] = forth ? [source, target] : [target, source];
        if (here !== name || seen.has(there) || part.has(there)) continue;
        seen.add(there);
        stack.push(there);
      }
    }
    return seen;
  };
  const before = reach(part, false);
  return [...reach(part, true)].find((name) => before.has(name));
}

function corner(places: readonly Place[]): Place {
  if (places.length === 0) return { x: 0, y: 0 };
  return { x: Math.min(...places.map(({ x }) => x)), y: Math.min(...places.map(({ y }) => y)) };
}

const isPlain = (type: string | undefined) => type !== undefined && !/[*,$]/.test(type);

/** The names a new subgraph has for what goes in and out of it. */
class Ends {
  readonly inputs: { [name: string]: Json } = {};
  readonly outputs: { [name: string]: Json } = {};
  readonly given: { [input: string]: Json } = {};
  private readonly known = new Map<string, string>();

  constructor(
    private readonly graph: Graph,
    private readonly typeOf: TypeOf,
  ) {}

  private input(node: string, name: string) {
    return this.typeOf(this.graph.nodes[node]?.node ?? "")?.inputs.find((i) => i.name === name);
  }

  private outputs_of(node: string) {
    return this.typeOf(this.graph.nodes[node]?.node ?? "")?.outputs ?? [];
  }

  /** The input through which a value from outside comes. */
  taking(node: string, input: string, value: Json): string {
    const key = JSON.stringify(value);
    const found = this.known.get(key);
    if (found !== undefined) return found;
    const name = unique(input, new Set(Object.keys(this.inputs)));
    const wanted = this.input(node, input)?.type;
    const source = referenceOf(value);
    const outputs = this.outputs_of(source?.node ?? "");
    const sent = (outputs.find((o) => o.name === source?.output) ?? outputs[0])?.type;
    this.inputs[name] = (isPlain(wanted) ? wanted : (sent ?? wanted)) ?? "*";
    this.given[name] = value;
    this.known.set(key, name);
    return name;
  }

  /** The input for a literal that the form shows. */
  showing(node: string, input: string, value: Json | undefined, called: string): string {
    const spec = this.input(node, input);
    const name = unique(called, new Set(Object.keys(this.inputs)));
    const type = spec?.type ?? "*";
    this.inputs[name] = spec?.default === undefined ? type : { type, default: spec.default };
    if (value !== undefined) this.given[name] = value;
    return name;
  }

  /** The output for what a node inside gives. */
  giving({ node, output }: Reference): string {
    const outputs = this.outputs_of(node);
    const called = outputs[Number(output ?? 0)]?.name ?? output ?? node;
    const value = writeReference(
      outputs.length === 1 || !called ? { node } : { node, output: called },
    );
    const there = Object.entries(this.outputs).find(([, one]) => one === value);
    if (there) return there[0];
    const name = unique(called.toLowerCase(), new Set(Object.keys(this.outputs)));
    this.outputs[name] = value;
    return name;
  }
}

/** Nodes become a subgraph of their own and one node of that type, which is linked as they were. */
export function makeSubgraph(
  workflow: Workflow,
  scope: Scope,
  names: readonly string[],
  typeOf: TypeOf,
): { edit: Edit; instance: string } {
  const graph = graphAt(workflow, scope);
  const part = new Set(names);
  const id = unique("part", { has: (name) => typeOf(name) !== undefined });
  const instance = unique(id, takenNames(graph));
  const ends = new Ends(graph, typeOf);
  const nodes: Graph["nodes"] = {};
  const draft = new Draft(workflow);
  for (const [name, node] of Object.entries(graph.nodes)) {
    if (!part.has(name)) continue;
    let inside = node;
    for (const [path, value] of slotsOf(node)) {
      const source = referenceOf(value);
      if (!source || part.has(source.node)) continue;
      const input = ends.taking(name, portOf(path), value);
      inside = withSlot(inside, path, writeReference({ node: INPUTS, output: input }));
    }
    nodes[name] = inside;
  }
  const shown = scope.length === 0 ? Object.entries(graph.inputs ?? {}) : [];
  for (const [key, value] of shown) {
    const target = referenceOf(value);
    const node = target && nodes[target.node];
    if (!target?.output || !node || !part.has(target.node)) continue;
    const now = referenceOf(node[target.output]);
    const input =
      now?.node === INPUTS && now.output
        ? now.output
        : ends.showing(target.node, target.output, node[target.output], key);
    const inner = writeReference({ node: INPUTS, output: input });
    nodes[target.node] = withSlot(node, [target.output], inner);
    draft.set(["inputs", key], writeReference({ node: instance, output: input }));
  }
  for (const [name, node] of Object.entries(graph.nodes)) {
    if (part.has(name)) continue;
    for (const [path, value] of slotsOf(node)) {
      const source = referenceOf(value);
      if (!source || !part.has(source.node)) continue;
      const output = ends.giving(source);
      setSlotIn(draft, scope, name, path, writeReference({ node: instance, output }));
    }
  }
  const outputs = scope.length > 0 ? Object.entries(graph.outputs ?? {}) : [];
  for (const [key, value] of outputs) {
    const source = sourceOf(value);
    if (!source || !part.has(source.node)) continue;
    const from = writeReference({ node: instance, output: ends.giving(source) });
    draft.set([...scope, "outputs", key], isMap(value) ? { ...value, from } : from);
  }
  if (Object.keys(ends.outputs).length === 0)
    for (const reference of unused(graph, part, typeOf)) ends.giving(reference);
  const places = graph.layout?.nodes ?? {};
  const own = names.flatMap((name) => (places[name] ? [[name, places[name]] as const] : []));
  for (const name of names) {
    draft.remove([...scope, "nodes", name]);
    if (places[name]) draft.remove([...scope, "layout", "nodes", name]);
  }
  draft.set(["subgraphs", id], {
    inputs: ends.inputs,
    outputs: ends.outputs,
    nodes,
    layout: { nodes: Object.fromEntries(own) },
  });
  draft.set([...scope, "nodes", instance], { node: id, ...ends.given });
  draft.set([...scope, "layout", "nodes", instance], corner(own.map(([, place]) => place)));
  return { edit: draft.done("subgraph"), instance };
}

/** What nodes give that nobody takes. */
function unused(graph: Graph, part: ReadonlySet<string>, typeOf: TypeOf): Reference[] {
  const taken = new Set(linksOf(graph).map(({ source }) => source));
  return [...part].flatMap((node) =>
    taken.has(node)
      ? []
      : (typeOf(graph.nodes[node]?.node ?? "")?.outputs ?? []).map(({ name }) => ({
          node,
          output: name,
        })),
  );
}

/** Where a subgraph is used: the scope and name of every node of its type. */
export function usesOf(workflow: Workflow, id: string): [Scope, string][] {
  const scopes: Scope[] = [
    [],
    ...Object.keys(workflow.subgraphs ?? {}).map((name) => ["subgraphs", name]),
  ];
  return scopes.flatMap((scope) =>
    Object.entries(graphAt(workflow, scope).nodes).flatMap(([name, { node }]) =>
      node === id ? [[scope, name] as [Scope, string]] : [],
    ),
  );
}

/** A subgraph's nodes in the place of one node of its type; a loop cannot be taken apart. */
export function unpack(
  workflow: Workflow,
  scope: Scope,
  instance: string,
): { edit: Edit; names: string[] } | undefined {
  const graph = graphAt(workflow, scope);
  const node = graph.nodes[instance];
  const inner = node && workflow.subgraphs?.[node.node];
  if (!inner || node.loop !== undefined) return undefined;
  const taken = takenNames(graph);
  taken.delete(instance);
  const renamed = new Map<string, string>();
  for (const name of Object.keys(inner.nodes)) {
    const fresh = unique(name, taken);
    taken.add(fresh);
    renamed.set(name, fresh);
  }
  const given = Object.fromEntries(inputsOf(node));
  /** What a reference inside means outside; undefined where nothing is given. */
  const outside = ({ node: name, output }: Reference): Json | undefined => {
    if (name !== INPUTS)
      return writeReference({
        node: renamed.get(name) ?? name,
        ...(output === undefined ? {} : { output }),
      });
    const spec = inner.inputs?.[output ?? ""];
    return given[output ?? ""] ?? (spec !== undefined && isMap(spec) ? spec.default : undefined);
  };
  const draft = new Draft(workflow);
  const firstUse = (input: string | undefined): string | undefined => {
    for (const [name, one] of Object.entries(inner.nodes))
      for (const [path, value] of slotsOf(one)) {
        const reference = referenceOf(value);
        if (reference?.node === INPUTS && reference.output === input && path.length === 1)
          return writeReference({ node: renamed.get(name) as string, output: path[0] as string });
      }
    return undefined;
  };
  for (const [name, other] of Object.entries(graph.nodes))
    for (const [path, value] of slotsOf(other)) {
      const reference = referenceOf(value);
      if (reference?.node !== instance) continue;
      const outputs = inner.outputs ?? {};
      const source = sourceOf(outputs[reference.output ?? Object.keys(outputs)[0] ?? ""]);
      setSlotIn(draft, scope, name, path, source && outside(source));
    }
  if (scope.length === 0)
    for (const [key, value] of Object.entries(graph.inputs ?? {})) {
      const reference = referenceOf(value);
      if (reference?.node === instance) draft.set(["inputs", key], firstUse(reference.output));
    }
  const places = inner.layout?.nodes ?? {};
  const from = corner(Object.values(places));
  const to = graph.layout?.nodes?.[instance] ?? { x: 0, y: 0 };
  draft.remove([...scope, "nodes", instance]);
  if (graph.layout?.nodes?.[instance]) draft.remove([...scope, "layout", "nodes", instance]);
  for (const [name, one] of Object.entries(inner.nodes)) {
    let copy: NodeData = one;
    for (const [path, value] of slotsOf(one)) {
      const reference = referenceOf(value);
      if (reference) copy = withSlot(copy, path, outside(reference));
    }
    const fresh = renamed.get(name) as string;
    draft.set([...scope, "nodes", fresh], copy);
    const place = places[name];
    if (place)
      draft.set([...scope, "layout", "nodes", fresh], {
        ...place,
        x: place.x - from.x + to.x,
        y: place.y - from.y + to.y,
      });
  }
  if (usesOf(draft.document, node.node).length === 0) draft.remove(["subgraphs", node.node]);
  return { edit: draft.done("unpack"), names: [...renamed.values()] };
}
