/** Running: the active document goes to the queue; seeds change after it as chosen. */

import { ApiError, api, type Submit } from "@/api/client";
import type { Problem } from "@/api/shapes";
import { nextProblem } from "@/commands/problems";
import { freshId } from "@/document/names";
import type { Workflow } from "@/document/workflow";
import { text } from "@/language/text";
import { passSeeds } from "@/run/seeds";
import { say } from "@/state/panels";
import { begun, openJobs, useRuns } from "@/state/runs";
import { useServer } from "@/state/server";
import { useSettings } from "@/state/settings";
import { activeTab, documentOf, type Tab } from "@/state/tabs";

export type How = { front?: boolean; again?: boolean; only?: string[] };

/** Without what is not computed, so that looks never get into a job. */
export function computed(document: Workflow): Workflow {
  const { layout: _, ...rest } = document;
  return rest;
}

/** A tab's document as a job or a plan has it, and under which names the server knows its last run. */
export const askedOf = (tab: Tab): Pick<Submit, "document" | "client" | "workflow"> => ({
  document: computed(tab.log.document),
  client: tab.id,
  ...(tab.path ? { workflow: tab.path } : {}),
});

/** Sends the active document to the queue. */
export async function run(how: How = {}): Promise<void> {
  const tab = activeTab();
  if (!tab) return;
  const { document } = tab.log;
  const id = freshId();
  const { changeTab, putJob, jobs, tabs } = useRuns.getState();
  const last = tabs[tab.id];
  changeTab(tab.id, (before) => {
    const job = jobs[before.job ?? ""];
    const next = job && !job.finished ? before : begun(before, id);
    return { ...next, ran: document.nodes };
  });
  const report = (problems: Problem[]) =>
    useServer.setState((state) => ({ problems: { ...state.problems, [tab.id]: problems } }));
  try {
    const job = await api.submit({ ...askedOf(tab), id, ...how });
    report([]);
    const known = useRuns.getState().jobs[job.id];
    if (!known || known.state === "queued") putJob(job);
    const unedited = documentOf(tab.id) === document;
    passSeeds(tab.id);
    const passed = documentOf(tab.id);
    if (unedited && passed) changeTab(tab.id, (run) => ({ ...run, passed }));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    report(error.problems);
    // What was refused was not run: what the tab shows is still what was run before.
    changeTab(tab.id, ({ job, ran: _, ...rest }) => ({
      ...rest,
      ...(job !== undefined && job !== id ? { job } : {}),
      ...(last?.ran ? { ran: last.ran } : {}),
      error: error.message,
    }));
    const { length } = error.problems;
    say(length > 0 ? `${text().notRun} ${text().problems(length)}` : error.message);
    // The form names all problems beside its button.
    if (length > 0 && tab.view === "graph" && !useSettings.getState().runOnChange) nextProblem();
  }
}

/** Cancels the running job, else the next one of this page. */
export async function cancel(): Promise<void> {
  const job = openJobs(useRuns.getState().jobs)[0];
  if (job) await api.cancel(job.id);
}
