/** What became of a tab's file: another window or a program may save, move, delete or restore it. */

import type { Tab } from "@/state/tabs";

/** The file is not at the tab's path any more; `to` is where it went, if it was moved. */
export type Lost = { to?: string; etag?: string };

export type FileEvent =
  | { type: "workflow.saved" | "workflow.restored"; data: { path: string; etag: string } }
  | { type: "workflow.moved"; data: { path: string; to: string; etag: string } }
  | { type: "workflow.deleted"; data: { path: string } };

type Where = Pick<Tab, "path" | "lost">;
type Change = Partial<Pick<Tab, "lost" | "theirs">>;

/** The change of a tab that an event means; its document and its path stay as they are. */
export function afterEvent({ path, lost }: Where, event: FileEvent): Change {
  const { type, data } = event;
  if (type === "workflow.deleted")
    return data.path === path || data.path === lost?.to ? { lost: {} } : {};
  if (type === "workflow.moved") {
    const { to, etag } = data;
    if (to === path) return { lost: undefined, theirs: etag };
    return data.path === path || data.path === lost?.to ? { lost: { to, etag } } : {};
  }
  if (data.path === path) return { lost: undefined, theirs: data.etag };
  return data.path === lost?.to ? { lost: { ...lost, etag: data.etag } } : {};
}

export function isFileEvent(event: { type: string; data?: unknown }): event is FileEvent {
  return event.type.startsWith("workflow.") && event.data !== undefined;
}
