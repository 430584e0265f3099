/** Copy and paste through the system's clipboard, as text other windows read. */

import { api } from "@/api/client";
import { selectedNodes, useCanvas } from "@/canvas/selection";
import { removeSelected } from "@/commands/frames";
import { type Clip, copy, paste, readClip } from "@/document/clipboard";
import { parseJson } from "@/document/json";
import type { Place } from "@/document/workflow";
import { act, currentGraph } from "@/state/tabs";

let last: Clip | undefined;

function put(pasted: Clip, at: Place, outside: boolean): void {
  act((document, scope) => {
    const { edit, names } = paste(document, scope, pasted, at, outside);
    useCanvas.setState({ wanted: names });
    return edit;
  });
}

async function read(): Promise<Clip | undefined> {
  const text = await navigator.clipboard?.readText().catch(() => "");
  if (!text) return last;
  try {
    const own = readClip(parseJson(text));
    if (own) return own;
  } catch {
    // Not JSON: the server may still read it.
  }
  try {
    return readClip((await api.convertText(text)).document);
  } catch {
    return last;
  }
}

export const clip = {
  async copy(): Promise<void> {
    const names = selectedNodes();
    if (names.length === 0) return;
    last = copy(currentGraph(), names);
    await navigator.clipboard?.writeText(JSON.stringify(last)).catch(() => undefined);
  },
  async cut(): Promise<void> {
    await clip.copy();
    removeSelected();
  },
  async paste(outside: boolean, at: Place): Promise<void> {
    const pasted = await read();
    if (pasted) put(pasted, at, outside);
  },
  duplicate(): void {
    const names = selectedNodes();
    if (names.length === 0) return;
    const copied = copy(currentGraph(), names);
    const places = Object.values(copied.layout.nodes ?? {});
    const x = Math.min(...places.map((p) => p.x)) + 32;
    const y = Math.min(...places.map((p) => p.y)) + 32;
    put(copied, { x, y }, true);
  },
};
