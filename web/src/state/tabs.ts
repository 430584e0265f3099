/** The open documents and the edits on them. */

import { create } from "zustand";
import { folded, type Log, record, redo, seal, startLog, undo } from "@/document/log";
import { freshId } from "@/document/names";
import type { Edit } from "@/document/operation";
import {
  EMPTY,
  follow,
  type Graph,
  graphAt,
  ROOT,
  type Scope,
  type Workflow,
} from "@/document/workflow";
import type { Lost } from "@/state/whereabouts";

export type View = "form" | "graph";

export type Tab = {
  id: string;
  log: Log;
  saved: number;
  /** The nodes that were stepped into, one in the other, and the graph inside the last. */
  trail: readonly string[];
  scope: Scope;
  view: View;
  path?: string | undefined;
  etag?: string;
  /** The file's newest ETag that the server told of. */
  theirs?: string | undefined;
  lost?: Lost | undefined;
  /** The file's text, whose comments a save keeps. */
  text?: string;
  /** The id it had until another window took its draft; what was begun before ends in it. */
  was?: string;
  /** The page opened it, since there was nothing to show. */
  given?: boolean;
};

/** So many closed tabs can be brought back. */
const KEPT = 10;

type Tabs = {
  tabs: Tab[];
  active: string;
  /** The view that was chosen before there was a tab. */
  asked: View | undefined;
  /** Those that were closed, the last one at the end. */
  closed: readonly Tab[];
  open(workflow: Workflow, more?: Partial<Tab>): string;
  close(id: string): void;
  /** Brings the tab that was closed last back under another id; returns the one it had. */
  reopen(id: string): string | undefined;
  show(id: string): void;
  change(id: string, change: Partial<Tab>): void;
  /** Shows the active tab as a form or as a graph. */
  look(view: View): void;
  /** Another id for a tab. */
  rekey(id: string, own: string): void;
  /** Does an edit in the active tab, or in another. */
  edit(edit: Edit, id?: string): void;
  undo(): void;
  redo(): void;
  seal(): void;
  fold(since: Log): void;
};

/** The tab with its trail as far as it goes; the form shows the whole workflow. */
function settled(tab: Tab): Tab {
  const wanted = tab.view === "form" ? [] : tab.trail;
  const scopes = follow(tab.log.document, wanted);
  const trail = scopes.length === tab.trail.length ? tab.trail : wanted.slice(0, scopes.length);
  const scope = scopes[scopes.length - 1] ?? ROOT;
  const same = trail === tab.trail && scope[1] === tab.scope[1];
  return same ? tab : { ...tab, trail, scope };
}

export const useTabs = create<Tabs>()((set, get) => {
  const change = (id: string, make: (tab: Tab) => Partial<Tab>) =>
    set(({ tabs }) => ({
      tabs: tabs.map((t) => (t.id === id || t.was === id ? settled({ ...t, ...make(t) }) : t)),
    }));
  const onLog = (make: (log: Log) => Log, id = get().active) =>
    change(id, (tab) => ({ log: make(tab.log) }));
  return {
    tabs: [],
    active: "",
    asked: undefined,
    closed: [],
    open(workflow, more = {}) {
      const tab: Tab = {
        id: freshId(),
        log: startLog(workflow),
        saved: 0,
        trail: [],
        scope: ROOT,
        view: "graph",
        ...more,
      };
      set(({ tabs }) => ({ tabs: [...tabs, tab], active: tab.id }));
      return tab.id;
    },
    close(id) {
      set(({ tabs, active, closed }) => {
        const at = tabs.findIndex((tab) => tab.id === id);
        const gone = tabs[at];
        const left = tabs.filter((tab) => tab.id !== id);
        const next = left[Math.min(at, left.length - 1)]?.id ?? "";
        return {
          tabs: left,
          active: active === id ? next : active,
          closed: gone ? [...closed, gone].slice(-KEPT) : closed,
        };
      });
    },
    reopen(id) {
      const last = get().closed.at(-1);
      if (last)
        set(({ tabs, closed }) => ({
          tabs: [...tabs, { ...last, id }],
          active: id,
          closed: closed.slice(0, -1),
        }));
      return last?.id;
    },
    show: (active) => set({ active }),
    change: (id, what) => change(id, () => what),
    look(view) {
      const { tabs, active } = get();
      if (tabs.length === 0) set({ asked: view });
      else change(active, () => ({ view }));
    },
    rekey: (id, own) =>
      set(({ tabs, active }) => ({
        tabs: tabs.map((tab) => (tab.id === id ? { ...tab, id: own, was: id } : tab)),
        active: active === id ? own : active,
      })),
    edit: (edit, id) => onLog((log) => record(log, edit), id),
    undo: () => onLog(undo),
    redo: () => onLog(redo),
    seal: () => onLog(seal),
    fold: (since) => onLog((log) => folded(log, since)),
  };
});

export function activeTab(
  state: Pick<Tabs, "tabs" | "active"> = useTabs.getState(),
): Tab | undefined {
  return state.tabs.find((tab) => tab.id === state.active);
}

/** What a tab holds now; nothing if it was closed. */
export function documentOf(id: string): Workflow | undefined {
  return useTabs.getState().tabs.find((tab) => tab.id === id)?.log.document;
}

/** The active document and the graph of it that is shown. */
export function useDocument(): Workflow {
  return useTabs((state) => activeTab(state)?.log.document ?? EMPTY);
}

export function useScope(): Scope {
  return useTabs((state) => activeTab(state)?.scope ?? ROOT);
}

export function currentGraph(state = useTabs.getState()): Graph {
  const tab = activeTab(state);
  return tab ? graphAt(tab.log.document, tab.scope) : EMPTY;
}

/** The active document, and the scope of what is shown of it. */
export function shownGraph(): { document: Workflow; scope: Scope } {
  const tab = activeTab();
  return { document: tab?.log.document ?? EMPTY, scope: tab?.scope ?? ROOT };
}

export function useGraph(): Graph {
  return useTabs((state) => currentGraph(state));
}

/** A node of the shown graph as runs and messages call it: `left:words`. */
export function runName(node: string, state = useTabs.getState()): string {
  return [...(activeTab(state)?.trail ?? []), node].join(":");
}

/** Makes an edit from the active document and scope, and does it. */
export function act(make: (workflow: Workflow, scope: Scope) => Edit): void {
  const tab = activeTab();
  if (tab) useTabs.getState().edit(make(tab.log.document, tab.scope));
}

/** What is done with several edits is undone at once. */
export function asOne(gesture: () => void): void {
  const before = activeTab()?.log;
  gesture();
  if (before) useTabs.getState().fold(before);
}

export function isDirty(tab: Tab): boolean {
  return tab.log.revision !== tab.saved;
}
