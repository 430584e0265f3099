/** After each change: what is wrong, what would run, and runs by themselves where wanted. */

import { ApiError, api } from "@/api/client";
import type { Workflow } from "@/document/workflow";
import { askedOf, run } from "@/run/submit";
import { type TabRun, useRuns } from "@/state/runs";
import { useServer } from "@/state/server";
import { useSettings } from "@/state/settings";
import { activeTab, type Tab, useTabs } from "@/state/tabs";

const PAUSE = 350;

async function look(id: string): Promise<void> {
  const tab = useTabs.getState().tabs.find((t) => t.id === id);
  if (!tab || Object.keys(tab.log.document.nodes).length === 0) return;
  const { changeTab } = useRuns.getState();
  const report = (problems: ApiError["problems"]) =>
    useServer.setState((state) => ({ problems: { ...state.problems, [id]: problems } }));
  const { nodes } = tab.log.document;
  const differs = ({ ran }: TabRun) => ran !== undefined && ran !== nodes;
  try {
    const plan = await api.plan(askedOf(tab));
    changeTab(id, (run) => ({ ...run, plan, changed: differs(run) }));
    report([]);
  } catch (error) {
    if (!(error instanceof ApiError) || error.problems.length === 0) return;
    changeTab(id, ({ plan: _plan, ...run }) => ({ ...run, changed: differs(run) }));
    report(error.problems);
  }
}

/** Runs a tab's document; its last run, where that goes on still, is of no use any more. */
async function runInstead(id: string): Promise<void> {
  const { tabs, jobs } = useRuns.getState();
  const last = jobs[tabs[id]?.job ?? ""];
  if (last && !last.finished) await api.cancel(last.id).catch(() => undefined);
  await run();
}

/** Whether only looks differ. */
const runsAlike = (one: Workflow, other: Workflow | undefined) =>
  one.nodes === other?.nodes && one.subgraphs === other?.subgraphs;

/** Watches the active document until the returned function is called. */
export function planChanges(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last: Tab | undefined;
  let due = false;
  let done = 0;
  const ended = () => Object.values(useRuns.getState().jobs).filter((job) => job.finished).length;
  const stopRuns = useRuns.subscribe(() => {
    const count = ended();
    if (count === done) return;
    done = count;
    void look(useTabs.getState().active);
  });
  const stopServer = useServer.subscribe(({ connected, looked }, before) => {
    const back = connected && before.connected === false;
    if (back || looked !== before.looked) void look(useTabs.getState().active);
  });
  const stopTabs = useTabs.subscribe(() => {
    const tab = activeTab();
    const before = last?.id === tab?.id ? last : undefined;
    if (!tab || before?.log.revision === tab.log.revision) return;
    const { document } = tab.log;
    last = tab;
    due = before !== undefined && (due || !runsAlike(document, before.log.document));
    clearTimeout(timer);
    timer = setTimeout(() => {
      void look(tab.id);
      const { passed } = useRuns.getState().tabs[tab.id] ?? {};
      const wanted = due && useSettings.getState().runOnChange && !runsAlike(document, passed);
      due = false;
      if (wanted) void runInstead(tab.id);
    }, PAUSE);
  });
  return () => {
    stopRuns();
    stopServer();
    stopTabs();
    clearTimeout(timer);
  };
}
