/** What a drag of nodes means: they move, groups carry what is inside, a node goes into a link. */

import type { Node, NodeChange } from "@xyflow/react";
import { edgeId, OUTPUTS, outputName } from "@/canvas/flow";
import { portType, typeOf } from "@/canvas/linking";
import { type End, insertIntoLink } from "@/document/edit";
import { linksOf } from "@/document/links";
import { Draft } from "@/document/operation";
import { GROUP, graphAt, INPUTS, type Layout, NOTE, type Place } from "@/document/workflow";
import { useServer } from "@/state/server";
import { act, currentGraph } from "@/state/tabs";
import { inputFor, outputFor } from "@/types/compatible";
import type { NodeType } from "@/types/nodeType";

/** Names of the nodes whose corner lies in a group. */
export function insideOf(group: string): string[] {
  const layout = currentGraph().layout ?? {};
  const box = layout.groups?.[group.slice(GROUP.length)];
  if (!box) return [];
  return Object.entries(layout.nodes ?? {})
    .filter(([, { x, y }]) => x >= box.x && y >= box.y && x < box.x + box.w && y < box.y + box.h)
    .map(([name]) => name);
}

function sectionOf(id: string): [keyof Layout, string] {
  if (id.startsWith(GROUP)) return ["groups", id.slice(GROUP.length)];
  if (id.startsWith(NOTE)) return ["notes", id.slice(NOTE.length)];
  if (id === OUTPUTS) return ["ends", "outputs"];
  return [id === INPUTS && !currentGraph().nodes[id] ? "ends" : "nodes", id];
}

/** Writes where nodes, groups and notes were put; moves of one `merge` are undone as one. */
export function dropped(nodes: readonly Pick<Node, "id" | "position">[], merge?: string): void {
  act((document, scope) => {
    const draft = new Draft(document);
    const layout = graphAt(document, scope).layout ?? {};
    for (const { id, position } of nodes) {
      const [section, key] = sectionOf(id);
      const before = (layout[section] as { [key: string]: Place } | undefined)?.[key];
      const [x, y] = [Math.round(position.x), Math.round(position.y)];
      if (before?.x === x && before.y === y) continue;
      draft.set([...scope, "layout", section, key], { ...before, x, y });
    }
    return draft.done("move", merge);
  });
}

/** Writes where arrow keys moved nodes; groups carry what is inside. */
export function nudged(changes: readonly NodeChange[]): void {
  const places = new Map(
    changes.flatMap((change): [string, Place][] =>
      change.type === "position" && change.dragging === false && change.position
        ? [[change.id, change.position]]
        : [],
    ),
  );
  if (places.size === 0) return;
  const { groups, nodes } = currentGraph().layout ?? {};
  for (const [id, { x, y }] of [...places]) {
    const before = id.startsWith(GROUP) ? groups?.[id.slice(GROUP.length)] : undefined;
    for (const name of before ? insideOf(id) : []) {
      const place = nodes?.[name];
      if (!before || !place || places.has(name)) continue;
      places.set(name, { x: place.x + x - before.x, y: place.y + y - before.y });
    }
  }
  const moved = [...places].map(([id, position]) => ({ id, position }));
  dropped(moved, `nudge ${[...places.keys()].join(" ")}`);
}

/** A node without links dropped on a link goes between its ends, where its ports fit. */
export function dropOnLink(name: string, point: Place): boolean {
  const path = document
    .elementsFromPoint(point.x, point.y)
    .map((element) => element.closest(".react-flow__edge"))
    .find(Boolean);
  if (!path) return false;
  const graph = currentGraph();
  if (linksOf(graph).some(({ source, target }) => source === name || target === name)) return false;
  const id = path.getAttribute("data-id");
  const link = linksOf(graph).find(({ source, output, target, slot }) => {
    const from = graph.nodes[source];
    return from && edgeId(source, outputName(from.node, output), target, slot) === id;
  });
  const type = typeOf(name);
  const from = link && graph.nodes[link.source];
  if (!link || !type || !from) return false;
  return goInto(name, type, {
    from: { node: link.source, port: outputName(from.node, link.output) },
    to: { node: link.target, port: link.input, slot: link.slot },
  });
}

/** Puts a node between the ends of a link, where its ports fit. */
export function goInto(name: string, type: NodeType, link: { from: End; to: End }): boolean {
  const { types } = useServer.getState();
  const input = inputFor(types, type, portType(link.from, "out"));
  const output = outputFor(types, type, portType(link.to, "in"));
  if (!input || !output) return false;
  const named = type.outputs.length > 1 ? output : undefined;
  act((workflow, scope) => insertIntoLink(workflow, scope, name, link.to, input, named));
  return true;
}
