/** Copy and paste through the system's clipboard, as text other windows read. */

import { api } from "@/api/client";
import { arrange } from "@/canvas/arrange";
import { type Chosen, chosen, chosenOf, pointerPlace, useCanvas } from "@/canvas/selection";
import { removeSelected } from "@/commands/frames";
import { type Clip, copy, cornerOf, holds, paste, placesOf, readClip } from "@/document/clipboard";
import { parseJson } from "@/document/json";
import type { Place } from "@/document/workflow";
import { text } from "@/language/text";
import { say } from "@/state/panels";
import { nodeType } from "@/state/server";
import { act, activeTab, currentGraph } from "@/state/tabs";

let last: Clip | undefined;

const known = { has: (id: string) => nodeType(id) !== undefined };

const STEP = 32;

/** The place for a clip, or the next one right below where it would cover what is there. */
function free(clip: Clip, at: Place): Place {
  const there = new Set(placesOf(currentGraph().layout ?? {}).map(({ x, y }) => `${x} ${y}`));
  const from = cornerOf(clip.layout);
  let shift = 0;
  const covers = (place: Place) =>
    there.has(
      `${Math.round(place.x - from.x + at.x) + shift} ${Math.round(place.y - from.y + at.y) + shift}`,
    );
  while (placesOf(clip.layout).some(covers)) shift += STEP;
  return { x: at.x + shift, y: at.y + shift };
}

function put(pasted: Clip, at: Place, outside: boolean): void {
  const id = activeTab()?.scope[1];
  if (id !== undefined && holds(activeTab()?.log.document ?? {}, pasted.nodes, id)) {
    say(text().subgraphInItself(id));
    return;
  }
  act((document, scope) => {
    const { edit, names } = paste(document, scope, pasted, free(pasted, at), outside, known);
    useCanvas.setState({ wanted: names });
    return edit;
  });
}

function taken(names: Chosen): Clip | undefined {
  const tab = activeTab();
  if (tab?.view !== "graph") return undefined;
  const some = names.nodes.length + names.groups.length + names.notes.length > 0;
  return some ? copy(tab.log.document, tab.scope, names) : undefined;
}

/** What a text holds: our own nodes, or a document in any format that the server reads. */
async function read(source: string): Promise<Clip | undefined> {
  try {
    const own = readClip(parseJson(source));
    if (own) return own;
  } catch {
    // Not JSON: the server may still read it.
  }
  const found = await api.convertText(source).catch(() => undefined);
  return found && readClip(found.document);
}

/** A clip whose nodes all have places. */
async function placed(clip: Clip): Promise<Clip> {
  const names = Object.keys(clip.nodes);
  if (names.every((name) => clip.layout.nodes?.[name])) return clip;
  return { ...clip, layout: { ...clip.layout, nodes: await arrange(clip) } };
}

/** Copies of nodes, groups and notes where these were dragged to. */
export function cloneTo(dragged: readonly { id: string; position: Place }[]): void {
  const copied = taken(chosenOf(dragged.map(({ id }) => id)));
  const xs = dragged.map(({ position }) => position.x);
  const ys = dragged.map(({ position }) => position.y);
  if (copied) put(copied, { x: Math.min(...xs), y: Math.min(...ys) }, true);
}

/** What is selected, as text for the clipboard. */
export function clipText(): string | undefined {
  const copied = taken(chosen());
  if (copied) last = copied;
  return copied && JSON.stringify(copied);
}

/** Pastes what a text holds; without a text, what was copied last. */
export async function pasteText(source: string, outside: boolean): Promise<void> {
  if (activeTab()?.view !== "graph") return;
  const at = pointerPlace();
  const found = source ? await read(source) : last;
  if (found) put(await placed(found), at, outside);
  else if (source) say(text().pasteUnknown);
}

/** The same where no key was pressed that the browser takes for its own copy and paste. */
export const clip = {
  copy(): void {
    const copied = clipText();
    if (copied) void navigator.clipboard?.writeText(copied).catch(() => undefined);
  },
  cut(): void {
    clip.copy();
    removeSelected();
  },
  async paste(outside: boolean): Promise<void> {
    await pasteText((await navigator.clipboard?.readText().catch(() => "")) ?? "", outside);
  },
  duplicate(): void {
    const copied = taken(chosen());
    if (!copied) return;
    const { x, y } = cornerOf(copied.layout);
    put(copied, { x: x + STEP, y: y + STEP }, true);
  },
};
