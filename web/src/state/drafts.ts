/** Autosave: every tab is a draft on the server, and comes back after a reload or a crash. */

import { ApiError, api } from "@/api/client";
import { startLog } from "@/document/log";
import type { Workflow } from "@/document/workflow";
import { say } from "@/state/panels";
import { isDirty, type Tab, useTabs } from "@/state/tabs";

type Content = {
  document: Workflow;
  view: Tab["view"];
  dirty: boolean;
  path?: string;
  etag?: string;
  text?: string;
};

const PAUSE = 800;
const OPEN = "nodeflow.tabs";

const revisions = new Map<string, number>();
const written = new Map<string, Workflow>();

function contentOf(tab: Tab): Content {
  const { path, etag, text } = tab;
  return {
    document: tab.log.document,
    view: tab.view,
    dirty: isDirty(tab),
    ...(path ? { path } : {}),
    ...(etag ? { etag } : {}),
    ...(text ? { text } : {}),
  };
}

async function keep(tab: Tab): Promise<void> {
  if (written.get(tab.id) === tab.log.document) return;
  const title = tab.path ?? tab.log.document.name ?? "";
  const before = written.get(tab.id);
  written.set(tab.id, tab.log.document);
  try {
    const saved = await api.saveDraft(tab.id, contentOf(tab), title, revisions.get(tab.id));
    revisions.set(tab.id, saved.revision);
  } catch (error) {
    if (before) written.set(tab.id, before);
    else written.delete(tab.id);
    if (error instanceof ApiError && error.code === "conflict") say(error.message);
  }
}

/** Opens the tabs of this browser window again; false where there are none. */
export async function restore(): Promise<boolean> {
  const { ids, active } = JSON.parse(localStorage.getItem(OPEN) ?? '{"ids":[]}') as {
    ids: string[];
    active?: string;
  };
  for (const id of ids) {
    const draft = await api.draft(id).catch(() => undefined);
    const content = draft?.content as Content | undefined;
    if (!draft || !content?.document?.nodes) continue;
    revisions.set(id, draft.revision);
    written.set(id, content.document);
    const { document, dirty, ...rest } = content;
    useTabs
      .getState()
      .open(document, { ...rest, id, log: startLog(document), saved: dirty ? -1 : 0 });
  }
  const { tabs, show } = useTabs.getState();
  if (active && tabs.some(({ id }) => id === active)) show(active);
  return tabs.length > 0;
}

/** Keeps drafts until the returned function is called. */
export function keepDrafts(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = useTabs.subscribe(({ tabs, active }, before) => {
    localStorage.setItem(OPEN, JSON.stringify({ ids: tabs.map(({ id }) => id), active }));
    for (const { id } of before.tabs)
      if (!tabs.some((tab) => tab.id === id)) void api.deleteDraft(id).catch(() => undefined);
    clearTimeout(timer);
    timer = setTimeout(() => useTabs.getState().tabs.forEach((tab) => void keep(tab)), PAUSE);
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
}
