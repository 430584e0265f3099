/**
 * Of many nodes those in sight are drawn as plain boxes first, and with all their widgets a few in each
 * frame, so that no gesture waits for them. Too small to read, they are boxes again.
 */

import { type Node, useStoreApi } from "@xyflow/react";
import { useEffect, useState } from "react";
import { useSight } from "@/canvas/selection";

/** From so many nodes on. */
export const MANY = 120;
/** The zoom below which widgets and labels cannot be read. */
export const READABLE = 0.5;
const IN_A_FRAME = 2;
/** Where frames take longer than that (ms), a gesture has them for itself, but not for ever. */
const SLOW = 24;
const PATIENCE = 12;

type Task = () => void;

const waiting = new Set<Task>();
const drawn = new Set<string>();
let asked = false;
let last = 0;
let passed = 0;

function work(now: number): void {
  asked = false;
  const slow = now - last > SLOW && passed < PATIENCE;
  passed = slow ? passed + 1 : 0;
  last = now;
  for (const task of [...waiting].slice(0, slow ? 0 : IN_A_FRAME)) {
    waiting.delete(task);
    task();
  }
  ask();
}

function ask(): void {
  if (asked || waiting.size === 0) return;
  asked = true;
  requestAnimationFrame(work);
}

/** Does something in one of the next frames; returns what takes it back. */
function soon(task: Task): () => void {
  waiting.add(task);
  ask();
  return () => void waiting.delete(task);
}

/** Whether a node is drawn now with all that stands on it, and so is measured. */
export function isDrawn(id: string): boolean {
  return drawn.has(id);
}

/** Whether a node shall be drawn with all that stands on it. */
export function useDetail(id: string): boolean {
  const wanted = useSight(({ many, far }) => !(many && far));
  const store = useStoreApi();
  const [full, setFull] = useState(() => !useSight.getState().many);
  useEffect(() => {
    if (full !== wanted) return soon(() => setFull(wanted));
  }, [full, wanted]);
  useEffect(() => {
    if (!full) return;
    drawn.add(id);
    // What was estimated is there to be measured now; React Flow does that when the box gets its size.
    const { nodeLookup, triggerNodeChanges } = store.getState();
    const { handles, ...item } = nodeLookup.get(id)?.internals.userNode ?? {};
    if (handles) triggerNodeChanges([{ type: "replace", id, item: item as Node }]);
    return () => void drawn.delete(id);
  }, [full, id, store]);
  return full;
}
