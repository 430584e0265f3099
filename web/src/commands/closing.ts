/** Closing tabs, and the way back: a closed tab is kept, with its undo and its results, for this page. */

import { freshId } from "@/document/names";
import { text } from "@/language/text";
import { say } from "@/state/panels";
import { useRuns } from "@/state/runs";
import { isDirty, useTabs } from "@/state/tabs";

export function closeTab(id: string): void {
  const { tabs, close } = useTabs.getState();
  const tab = tabs.find((one) => one.id === id);
  if (!tab) return;
  close(id);
  const t = text();
  const name = tab.log.document.name ?? tab.path ?? t.untitled;
  if (isDirty(tab)) say(t.closedUnsaved(name), { label: t.reopen, run: reopenTab });
}

/** The tab that was closed last, in a draft of its own: that of before is gone from the server. */
export function reopenTab(): void {
  const id = freshId();
  const old = useTabs.getState().reopen(id);
  if (old === undefined) return;
  const { tabs } = useRuns.getState();
  const run = tabs[old];
  if (run) useRuns.setState({ tabs: { ...tabs, [id]: run } });
}
