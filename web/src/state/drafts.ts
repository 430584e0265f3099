/** Autosave: every tab is a draft on the server, and comes back after a reload or a crash. */

import { ApiError, api } from "@/api/client";
import { startLog } from "@/document/log";
import { freshId } from "@/document/names";
import type { Workflow } from "@/document/workflow";
import { text } from "@/language/text";
import { say } from "@/state/panels";
import { NO_RUN, useRuns } from "@/state/runs";
import { isDirty, type Tab, useTabs } from "@/state/tabs";

type Content = {
  document: Workflow;
  view: Tab["view"];
  dirty: boolean;
  path?: string;
  etag?: string;
  text?: string;
  /** The last run, whose states and pictures come back with the tab. */
  job?: string;
};

const PAUSE = 800;
const AGAIN = 3000;
const OPEN = "nodeflow.tabs";

/** `parted`: another window has the draft now. */
type Kept = { revision?: number; written?: Content; parted?: boolean };

const kept = new Map<string, Kept>();

function contentOf(tab: Tab): Content {
  const { path, etag, text } = tab;
  const job = useRuns.getState().tabs[tab.id]?.job;
  return {
    document: tab.log.document,
    view: tab.view,
    dirty: isDirty(tab),
    ...(path ? { path } : {}),
    ...(etag ? { etag } : {}),
    ...(text ? { text } : {}),
    ...(job ? { job } : {}),
  };
}

function same(one: Content | undefined, other: Content): boolean {
  const keys = ["document", "view", "dirty", "path", "etag", "text", "job"] as const;
  return one !== undefined && keys.every((key) => one[key] === other[key]);
}

/** Writes a tab's draft where it says something new; false where it has to be tried again. */
async function keep(tab: Tab): Promise<boolean> {
  const content = contentOf(tab);
  const before = kept.get(tab.id) ?? {};
  const untouched = !before.written && !content.dirty && !content.path && !content.job;
  if (untouched || same(before.written, content)) return true;
  kept.set(tab.id, { ...before, written: content });
  const title = tab.path ?? tab.log.document.name ?? "";
  try {
    const { revision } = await api.saveDraft(tab.id, content, title, before.revision);
    kept.set(tab.id, { revision, written: content });
    return true;
  } catch (error) {
    kept.set(tab.id, before);
    if (!(error instanceof ApiError)) throw error;
    if (error.code === "conflict") part(tab.id);
    else if (error.code === "too_many") await forgetOldest();
    else if (error.status) say(error.message);
    return false;
  }
}

/** Makes room on the server: the draft that was left alone longest goes. */
async function forgetOldest(): Promise<void> {
  const { drafts } = await api.drafts();
  const open = new Set(useTabs.getState().tabs.map(({ id }) => id));
  const left = drafts.filter(({ id }) => !open.has(id)).sort((a, b) => a.updated - b.updated);
  if (left[0]) await api.deleteDraft(left[0].id);
}

/** Another window edits the same draft: this window goes on with one of its own. */
function part(id: string): void {
  const own = freshId();
  const { tabs } = useRuns.getState();
  const run = tabs[id];
  if (run) useRuns.setState({ tabs: { ...tabs, [own]: run } });
  kept.set(id, { parted: true });
  useTabs.getState().rekey(id, own);
  say(text().parted);
}

/** Opens the tabs of this browser window again; false where there are none. */
export async function restore(): Promise<boolean> {
  const stored = sessionStorage.getItem(OPEN) ?? localStorage.getItem(OPEN);
  const { ids, active } = JSON.parse(stored ?? '{"ids":[]}') as { ids: string[]; active?: string };
  for (const id of ids) {
    const draft = await api.draft(id).catch(() => undefined);
    const content = draft?.content as Content | undefined;
    if (!draft || !content?.document?.nodes) continue;
    kept.set(id, { revision: draft.revision, written: content });
    const { document, dirty, job, ...rest } = content;
    if (job) useRuns.getState().changeTab(id, () => ({ ...NO_RUN, job }));
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
  let busy = Promise.resolve();

  async function keepAll(): Promise<void> {
    const done = await Promise.all(useTabs.getState().tabs.map(keep));
    if (done.includes(false)) later(AGAIN);
  }
  function later(pause: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => {
      busy = busy.then(keepAll);
    }, pause);
  }
  function note(): void {
    const { tabs, active } = useTabs.getState();
    const open = JSON.stringify({ ids: tabs.map(({ id }) => id), active });
    sessionStorage.setItem(OPEN, open);
    localStorage.setItem(OPEN, open);
    later(PAUSE);
  }
  note();
  const onHide = () => document.hidden && later(0);
  document.addEventListener("visibilitychange", onHide);
  const stopRuns = useRuns.subscribe(({ tabs }, before) => {
    if (Object.keys(tabs).some((id) => tabs[id]?.job !== before.tabs[id]?.job)) later(PAUSE);
  });
  const stopTabs = useTabs.subscribe(({ tabs }, before) => {
    for (const { id } of before.tabs)
      if (!tabs.some((tab) => tab.id === id) && !kept.get(id)?.parted)
        void api.deleteDraft(id).catch(() => undefined);
    note();
  });
  return () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", onHide);
    stopRuns();
    stopTabs();
  };
}
