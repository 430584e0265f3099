/** Copy and paste of a part of a graph, as text that any window can read. */

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

export type Clip = { nodeflow_clip: 1; nodes: Graph["nodes"]; layout: Layout };

export function copy(graph: Graph, names: readonly string[]): Clip {
  const nodes: Graph["nodes"] = {};
  const places: NonNullable<Layout["nodes"]> = {};
  for (const name of names) {
    const node = graph.nodes[name];
    if (!node) continue;
    nodes[name] = node;
    const place = graph.layout?.nodes?.[name];
    if (place) places[name] = place;
  }
  return { nodeflow_clip: 1, nodes, layout: { nodes: places } };
}

/** The clip a text holds: ours, or the nodes of a whole document. */
export function readClip(data: unknown): Clip | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { nodes, layout } = data as Partial<Clip>;
  if (typeof nodes !== "object" || nodes === null || Array.isArray(nodes)) return undefined;
  const entries = Object.entries(nodes).filter(([, n]) => typeof n?.node === "string");
  if (entries.length === 0) return undefined;
  return { nodeflow_clip: 1, nodes: Object.fromEntries(entries), layout: layout ?? {} };
}

function corner(clip: Clip): Place {
  const places = Object.values(clip.layout.nodes ?? {});
  if (places.length === 0) return { x: 0, y: 0 };
  return {
    x: Math.min(...places.map((p) => p.x)),
    y: Math.min(...places.map((p) => p.y)),
  };
}

/**
 * Pastes with the clip's corner at `at`. Links inside the clip are kept; links to nodes
 * outside it are kept only where `outside` says so and the node is there.
 */
export function paste(
  workflow: Workflow,
  scope: Scope,
  clip: Clip,
  at: Place,
  outside: boolean,
): { edit: Edit; names: string[] } {
  const graph = graphAt(workflow, scope);
  const taken = takenNames(graph);
  const renamed = new Map<string, string>();
  for (const name of Object.keys(clip.nodes)) {
    const fresh = unique(name, taken);
    taken.add(fresh);
    renamed.set(name, fresh);
  }
  const draft = new Draft(workflow);
  const from = corner(clip);
  for (const [name, node] of Object.entries(clip.nodes)) {
    const fresh = renamed.get(name) as string;
    let pasted: NodeData = node;
    for (const [slot, value] of slotsOf(node).reverse()) {
      const reference = referenceOf(value);
      if (!reference) continue;
      const inside = renamed.get(reference.node);
      if (inside) pasted = withSlot(pasted, slot, writeReference({ ...reference, node: inside }));
      else if (!outside || !graph.nodes[reference.node]) pasted = withSlot(pasted, slot, undefined);
    }
    const place = clip.layout.nodes?.[name] ?? from;
    draft.set([...scope, "nodes", fresh], pasted);
    draft.set([...scope, "layout", "nodes", fresh], {
      ...place,
      x: Math.round(place.x - from.x + at.x),
      y: Math.round(place.y - from.y + at.y),
    });
  }
  return { edit: draft.done("paste"), names: [...renamed.values()] };
}
