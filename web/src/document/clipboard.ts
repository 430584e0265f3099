/** Nodes, groups and notes as text, which other windows and other documents take. */

import { takenNames } from "@/document/edit";
import { slotsOf, withSlot } from "@/document/links";
import { unique } from "@/document/names";
import { Draft, type Edit } from "@/document/operation";
import { referenceOf, writeReference } from "@/document/reference";
import {
  type Graph,
  graphAt,
  type Layout,
  type NodeData,
  type Place,
  type Scope,
  type Workflow,
} from "@/document/workflow";

/** `subgraphs` are those that the nodes are of, and those inside them. */
export type Clip = {
  nodeflow_clip: 1;
  nodes: Graph["nodes"];
  layout: Layout;
  subgraphs?: { [id: string]: Graph };
};

export type Picked = {
  nodes: readonly string[];
  groups?: readonly string[];
  notes?: readonly string[];
};

function only<T>(all: { [key: string]: T } | undefined, keys: readonly string[]) {
  const found = keys.flatMap((key) => {
    const value = all?.[key];
    return value === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries(found);
}

/** The subgraphs that nodes are of, and those inside these. */
function subgraphsOf(
  workflow: Pick<Workflow, "subgraphs">,
  nodes: Graph["nodes"],
): { [id: string]: Graph } {
  const found: { [id: string]: Graph } = {};
  const waiting = [nodes];
  for (let next = waiting.pop(); next; next = waiting.pop())
    for (const { node: id } of Object.values(next)) {
      const graph = workflow.subgraphs?.[id];
      if (!graph || found[id]) continue;
      found[id] = graph;
      waiting.push(graph.nodes);
    }
  return found;
}

/** Whether a graph of these nodes has a subgraph in it, however deep. */
export function holds(
  workflow: Pick<Workflow, "subgraphs">,
  nodes: Graph["nodes"],
  id: string,
): boolean {
  return Object.hasOwn(subgraphsOf(workflow, nodes), id);
}

export function copy(workflow: Workflow, scope: Scope, picked: Picked): Clip {
  const graph = graphAt(workflow, scope);
  const nodes = only(graph.nodes, picked.nodes);
  const subgraphs = subgraphsOf(workflow, nodes);
  const { groups = [], notes = [] } = picked;
  return {
    nodeflow_clip: 1,
    nodes,
    layout: {
      nodes: only(graph.layout?.nodes, Object.keys(nodes)),
      ...(groups.length > 0 ? { groups: only(graph.layout?.groups, groups) } : {}),
      ...(notes.length > 0 ? { notes: only(graph.layout?.notes, notes) } : {}),
    },
    ...(Object.keys(subgraphs).length > 0 ? { subgraphs } : {}),
  };
}

const isObject = (value: unknown): value is { [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The clip a text holds: ours, or all that a whole document shows. */
export function readClip(data: unknown): Clip | undefined {
  if (!isObject(data) || !isObject(data.nodes)) return undefined;
  const { nodes, layout = {}, subgraphs } = data as Partial<Clip>;
  const entries = Object.entries(nodes ?? {}).filter(([, n]) => typeof n?.node === "string");
  const more = Object.keys({ ...layout.groups, ...layout.notes }).length;
  if (entries.length + more === 0) return undefined;
  return {
    nodeflow_clip: 1,
    nodes: Object.fromEntries(entries),
    layout,
    ...(subgraphs ? { subgraphs } : {}),
  };
}

/** Where all that has a place stands. */
export function placesOf({ nodes, groups, notes }: Layout): Place[] {
  return [nodes, groups, notes].flatMap((all) => Object.values(all ?? {}));
}

export function cornerOf(layout: Layout): Place {
  const places = placesOf(layout);
  if (places.length === 0) return { x: 0, y: 0 };
  return {
    x: Math.min(...places.map((p) => p.x)),
    y: Math.min(...places.map((p) => p.y)),
  };
}

type Taken = { has(id: string): boolean };

/** The clip with its subgraphs under names that mean them here; those that are here already stay. */
function settled(workflow: Workflow, clip: Clip, known: Taken): [Clip["nodes"], [string, Graph][]] {
  const bare = ({ layout: _, ...graph }: Graph) => JSON.stringify(graph);
  const renamed = new Map<string, string>();
  const added: [string, Graph][] = [];
  const taken = new Set<string>();
  for (const [id, graph] of Object.entries(clip.subgraphs ?? {})) {
    const here = workflow.subgraphs?.[id];
    if (here && bare(here) === bare(graph)) continue;
    const name = unique(id, { has: (one) => known.has(one) || taken.has(one) });
    taken.add(name);
    renamed.set(id, name);
    added.push([name, graph]);
  }
  const retyped = (nodes: Graph["nodes"]) =>
    Object.fromEntries(
      Object.entries(nodes).map(([name, node]) => [
        name,
        { ...node, node: renamed.get(node.node) ?? node.node },
      ]),
    );
  return [
    retyped(clip.nodes),
    added.map(([id, graph]) => [id, { ...graph, nodes: retyped(graph.nodes) }]),
  ];
}

/**
 * Pastes with the clip's corner at `at`. Links inside the clip are kept; links to nodes
 * outside it are kept only where `outside` says so and the node is there. `known` are the node
 * types and subgraphs whose ids are taken.
 */
export function paste(
  workflow: Workflow,
  scope: Scope,
  clip: Clip,
  at: Place,
  outside: boolean,
  known: Taken = new Set(Object.keys(workflow.subgraphs ?? {})),
): { edit: Edit; names: string[] } {
  const graph = graphAt(workflow, scope);
  const [nodes, subgraphs] = settled(workflow, clip, known);
  const taken = takenNames(graph);
  const renamed = new Map<string, string>();
  for (const name of Object.keys(nodes)) {
    const fresh = unique(name, taken);
    taken.add(fresh);
    renamed.set(name, fresh);
  }
  const draft = new Draft(workflow);
  const from = cornerOf(clip.layout);
  const moved = <T extends Place>(place: T): T => ({
    ...place,
    x: Math.round(place.x - from.x + at.x),
    y: Math.round(place.y - from.y + at.y),
  });
  for (const [id, inner] of subgraphs) draft.set(["subgraphs", id], inner);
  for (const [name, node] of Object.entries(nodes)) {
    const fresh = renamed.get(name) as string;
    let pasted: NodeData = node;
    for (const [slot, value] of slotsOf(node).reverse()) {
      const reference = referenceOf(value);
      if (!reference) continue;
      const inside = renamed.get(reference.node);
      if (inside) pasted = withSlot(pasted, slot, writeReference({ ...reference, node: inside }));
      else if (!outside || !graph.nodes[reference.node]) pasted = withSlot(pasted, slot, undefined);
    }
    draft.set([...scope, "nodes", fresh], pasted);
    draft.set([...scope, "layout", "nodes", fresh], moved(clip.layout.nodes?.[name] ?? from));
  }
  const frames: string[] = [];
  for (const section of ["groups", "notes"] as const)
    for (const [id, frame] of Object.entries(clip.layout[section] ?? {})) {
      const here = graph.layout?.[section] ?? {};
      const key = unique(id, { has: (one) => Object.hasOwn(here, one) || frames.includes(one) });
      frames.push(key);
      draft.set([...scope, "layout", section, key], moved(frame));
    }
  return { edit: draft.done("paste"), names: [...renamed.values()] };
}
