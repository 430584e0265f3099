/** Autosave: every tab is a draft on the server, and comes back after a reload or a crash. */

import { ApiError, api } from "@/api/client";
import { parseJson } from "@/document/json";
import { startLog } from "@/document/log";
import { freshId } from "@/document/names";
import type { Workflow } from "@/document/workflow";
import { text } from "@/language/text";
import { say } from "@/state/panels";
import { type Makers, NO_RUN, useRuns } from "@/state/runs";
import { isDirty, type Tab, useTabs } from "@/state/tabs";
import type { Lost } from "@/state/whereabouts";

type Content = {
  document: Workflow;
  view: Tab["view"];
  dirty: boolean;
  path?: string;
  etag?: string;
  text?: string;
  lost?: Lost;
  /** The last run, whose states and pictures come back with the tab. */
  job?: string;
  /** Of the pictures that are there from earlier runs too. */
  makers?: Makers;
};

const PAUSE = 800;
const AGAIN = 3000;
const OPEN = "nodeflow.tabs";
const LEFT = "nodeflow.left";

/** `written` is on the server, `sent` on its way; `parted`: another window has the draft now. */
type Kept = { revision?: number; written?: Content; sent?: Content; parted?: boolean };

/** What a window had not written when its page went away. */
type Left = { [id: string]: { content: Content; revision?: number } };

const KEYS = [
  "document",
  "view",
  "dirty",
  "path",
  "etag",
  "text",
  "lost",
  "job",
  "makers",
] as const satisfies readonly (keyof Content)[];

const kept = new Map<string, Kept>();

function contentOf(tab: Tab): Content {
  const { path, etag, text, lost } = tab;
  const { job, makers } = useRuns.getState().tabs[tab.id] ?? NO_RUN;
  return {
    document: tab.log.document,
    view: tab.view,
    dirty: isDirty(tab),
    ...(path ? { path } : {}),
    ...(etag ? { etag } : {}),
    ...(text ? { text } : {}),
    ...(lost ? { lost } : {}),
    ...(job ? { job } : {}),
    ...(Object.keys(makers).length > 0 ? { makers } : {}),
  };
}

function same(one: Content | undefined, other: Content): boolean {
  return one !== undefined && KEYS.every((key) => one[key] === other[key]);
}

/** Nobody did anything with it: it is what a page without drafts shows, or has nothing in it. */
function isUntouched({ given, view, log }: Tab, { dirty, path, job }: Content): boolean {
  const nothing = Object.keys(log.document.nodes).length === 0;
  return !dirty && !path && !job && ((given === true && view === "form") || nothing);
}

function isNews(tab: Tab, content: Content, { written, sent }: Kept): boolean {
  if (!written && !sent && isUntouched(tab, content)) return false;
  return !same(sent ?? written, content);
}

/** Writes a tab's draft where it says something new; false where it has to be tried again. */
async function keep(tab: Tab, leaving: boolean): Promise<boolean> {
  const content = contentOf(tab);
  const before = kept.get(tab.id) ?? {};
  if (!isNews(tab, content, before)) return true;
  kept.set(tab.id, { ...before, sent: content });
  const title = tab.path ?? tab.log.document.name ?? "";
  try {
    const last = before.revision === undefined ? {} : { revision: before.revision };
    const { revision } = await api.saveDraft(tab.id, { content, title, ...last }, leaving);
    kept.set(tab.id, { revision, written: content });
    return true;
  } catch (error) {
    kept.set(tab.id, before);
    if (!(error instanceof ApiError)) throw error;
    if (error.code === "conflict") return keep(part(tab), leaving);
    if (error.code === "too_many") await forgetOldest();
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

/** Another window edits the same draft: this window goes on with the returned one of its own. */
function part(tab: Tab): Tab {
  const { id } = tab;
  const own = freshId();
  const { tabs } = useRuns.getState();
  const run = tabs[id];
  if (run) useRuns.setState({ tabs: { ...tabs, [own]: run } });
  kept.set(id, { parted: true });
  useTabs.getState().rekey(id, own);
  say(text().parted);
  return { ...tab, id: own };
}

/** A page that goes away hears no answer: what it has not written stays in the window. */
function leave(): void {
  const left: Left = {};
  for (const tab of useTabs.getState().tabs) {
    const content = contentOf(tab);
    const { revision, written } = kept.get(tab.id) ?? {};
    if (isNews(tab, content, { ...(written ? { written } : {}) }))
      left[tab.id] = { content, ...(revision === undefined ? {} : { revision }) };
  }
  try {
    sessionStorage.setItem(LEFT, JSON.stringify(left));
  } catch {
    // A window holds 5 MB; the draft on the server is then the newest there is.
    sessionStorage.removeItem(LEFT);
  }
}

/** The draft of a tab as this window left it, or as the server has it. */
async function draftOf(id: string, left: Left[string] | undefined): Promise<Content | undefined> {
  const draft = await api.draft(id).catch(() => undefined);
  const content = draft?.content as Content | undefined;
  const arrived = !left || JSON.stringify(left.content) === JSON.stringify(content);
  if (!arrived) {
    const { revision } = left;
    kept.set(id, revision === undefined ? {} : { revision });
    return left.content;
  }
  if (draft && content) kept.set(id, { revision: draft.revision, written: content });
  return content;
}

/** Opens the tabs of this browser window again; false where there are none. */
export async function restore(): Promise<boolean> {
  const stored = sessionStorage.getItem(OPEN) ?? localStorage.getItem(OPEN);
  const { ids, active } = JSON.parse(stored ?? '{"ids":[]}') as { ids: string[]; active?: string };
  const left = parseJson(sessionStorage.getItem(LEFT) ?? "{}") as Left;
  sessionStorage.removeItem(LEFT);
  for (const id of ids) {
    const content = await draftOf(id, left[id]);
    if (!content?.document?.nodes) continue;
    const { document, dirty, job, makers = NO_RUN.makers, ...rest } = content;
    useRuns.getState().changeTab(id, () => ({ ...NO_RUN, makers, ...(job ? { job } : {}) }));
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

  async function keepAll(leaving: boolean): Promise<void> {
    const { tabs } = useTabs.getState();
    const done = await Promise.all(tabs.map((tab) => keep(tab, leaving)));
    if (done.includes(false)) later(AGAIN);
  }
  function later(pause: number): void {
    clearTimeout(timer);
    timer = setTimeout(keepNow, pause, false);
  }
  function keepNow(leaving: boolean): void {
    busy = busy.then(() => keepAll(leaving)).catch(() => later(AGAIN));
  }
  function note(): void {
    const { tabs, active } = useTabs.getState();
    const open = JSON.stringify({ ids: tabs.map(({ id }) => id), active });
    sessionStorage.setItem(OPEN, open);
    localStorage.setItem(OPEN, open);
    later(PAUSE);
  }
  note();
  // Windows of one browser begin with the same drafts. One that another window closed is kept anew.
  const others = new BroadcastChannel(OPEN);
  others.onmessage = ({ data: id }: MessageEvent<string>) => {
    if (!useTabs.getState().tabs.some((tab) => tab.id === id)) return;
    kept.delete(id);
    later(0);
  };
  const onLeave = () => {
    leave();
    keepNow(true);
  };
  const onHide = () => document.hidden && keepNow(true);
  document.addEventListener("visibilitychange", onHide);
  window.addEventListener("pagehide", onLeave);
  const stopRuns = useRuns.subscribe(({ tabs }, before) => {
    const news = (id: string) =>
      tabs[id]?.job !== before.tabs[id]?.job || tabs[id]?.makers !== before.tabs[id]?.makers;
    if (Object.keys(tabs).some(news)) later(PAUSE);
  });
  const stopTabs = useTabs.subscribe(({ tabs }, before) => {
    for (const { id } of before.tabs)
      if (!tabs.some((tab) => tab.id === id) && !kept.get(id)?.parted)
        void api.deleteDraft(id).then(
          () => others.postMessage(id),
          () => undefined,
        );
    note();
  });
  return () => {
    clearTimeout(timer);
    others.close();
    document.removeEventListener("visibilitychange", onHide);
    window.removeEventListener("pagehide", onLeave);
    stopRuns();
    stopTabs();
  };
}
