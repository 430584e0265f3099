/** Groups, notes, and the selection as a whole. */

import { insideOf } from "@/canvas/dragging";
import { selectedNodes, useCanvas } from "@/canvas/selection";
import { removeNodes } from "@/document/edit";
import { unique } from "@/document/names";
import { Draft } from "@/document/operation";
import { GROUP, graphAt, NOTE, type Place } from "@/document/workflow";
import { text } from "@/language/text";
import { act, currentGraph } from "@/state/tabs";

const MARGIN = 24;

export function selectAll(): void {
  const { flow } = useCanvas.getState();
  flow?.setNodes((nodes) => nodes.map((node) => ({ ...node, selected: true })));
}

/** Selects what lies in the selected groups. */
export function selectInside(): void {
  const groups = useCanvas.getState().selected.filter((id) => id.startsWith(GROUP));
  const names = new Set(groups.flatMap(insideOf));
  useCanvas
    .getState()
    .flow?.setNodes((nodes) => nodes.map((node) => ({ ...node, selected: names.has(node.id) })));
}

export function removeSelected(): void {
  const { selected } = useCanvas.getState();
  const { flow } = useCanvas.getState();
  for (const edge of flow?.getEdges() ?? [])
    if (edge.selected && selected.length === 0) void flow?.deleteElements({ edges: [edge] });
  if (selected.length === 0) return;
  act((document, scope) => {
    const edit = removeNodes(document, scope, selectedNodes());
    const draft = new Draft(document);
    for (const id of selected) {
      if (id.startsWith(GROUP))
        draft.remove([...scope, "layout", "groups", id.slice(GROUP.length)]);
      if (id.startsWith(NOTE)) draft.remove([...scope, "layout", "notes", id.slice(NOTE.length)]);
    }
    return { ...edit, patches: [...draft.patches, ...edit.patches] };
  });
}

export function groupSelected(): void {
  const { flow } = useCanvas.getState();
  const names = new Set(selectedNodes());
  const nodes = flow?.getNodes().filter(({ id }) => names.has(id)) ?? [];
  if (nodes.length === 0) return;
  const right = (n: (typeof nodes)[0]) => n.position.x + (n.measured?.width ?? 232);
  const bottom = (n: (typeof nodes)[0]) => n.position.y + (n.measured?.height ?? 100);
  const x = Math.min(...nodes.map((n) => n.position.x)) - MARGIN;
  const y = Math.min(...nodes.map((n) => n.position.y)) - MARGIN - 28;
  const w = Math.max(...nodes.map(right)) - x + MARGIN;
  const h = Math.max(...nodes.map(bottom)) - y + MARGIN;
  act((document, scope) => {
    const groups = graphAt(document, scope).layout?.groups ?? {};
    const id = unique("group", new Set(Object.keys(groups)));
    const group = { x, y, w, h, title: text().groupTitle };
    return new Draft(document).set([...scope, "layout", "groups", id], group).done("group");
  });
}

export function addNote({ x, y }: Place): void {
  act((document, scope) => {
    const notes = currentGraph().layout?.notes ?? {};
    const id = unique("note", new Set(Object.keys(notes)));
    const note = { x: Math.round(x), y: Math.round(y), w: 220, h: 120, text: "" };
    return new Draft(document).set([...scope, "layout", "notes", id], note).done("note");
  });
}

export const TINTS = [
  undefined,
  "#d0493f",
  "#d98a2b",
  "#b5a11e",
  "#3f9a55",
  "#2f8fb0",
  "#5a6fe0",
  "#a555c8",
] as const;

/** Gives nodes and groups a colour, or takes it away. */
export function tintAll(ids: readonly string[], tint: string | undefined): void {
  act((document, scope) => {
    const draft = new Draft(document);
    const layout = graphAt(document, scope).layout ?? {};
    for (const id of ids) {
      const group = id.startsWith(GROUP);
      const [section, key] = group ? ["groups", id.slice(GROUP.length)] : ["nodes", id];
      const there = group ? layout.groups?.[key] : graphAt(document, scope).nodes[key];
      if (there) draft.set([...scope, "layout", section, key, "colour"], tint);
    }
    return draft.done("colour");
  });
}
