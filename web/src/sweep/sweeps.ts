/** One document run with several values of one or two inputs. */

import { create } from "zustand";
import { api } from "@/api/client";
import type { Chosen, Problem } from "@/api/shapes";
import { setInput } from "@/document/edit";
import { freshId } from "@/document/names";
import { apply } from "@/document/operation";
import { writeLiteral } from "@/document/reference";
import { type Json, ROOT, type Workflow } from "@/document/workflow";
import { computed } from "@/run/submit";
import { useRuns } from "@/state/runs";
import { type Axis, type Sweep, sweepOf } from "@/sweep/grid";

/** An input and what was typed for it; no input where the key is empty. */
export type AxisText = { key: string; text: string };

type Last = {
  sweep: Sweep | undefined;
  /** What was typed for it, to go on from. */
  asked: { tab: string; across: AxisText; down: AxisText } | undefined;
};

/** The last sweep, row by row; what its jobs made is in `useRuns`. */
export const useSweep = create<Last>()(() => ({ sweep: undefined, asked: undefined }));

function withValue(document: Workflow, axis: Axis | undefined, value: Json): Workflow {
  if (!axis) return document;
  const edit = setInput(document, ROOT, axis.node, axis.input, writeLiteral(value));
  return apply(document, edit.patches);
}

const AT_ONCE = 8;

/** What is wrong with any of the variants, each problem once. */
async function problemsOf(variants: readonly Workflow[]): Promise<Problem[]> {
  const found = new Map<string, Problem>();
  for (let at = 0; at < variants.length; at += AT_ONCE) {
    const answers = await Promise.all(
      variants.slice(at, at + AT_ONCE).map((variant) => api.validate(variant)),
    );
    for (const { valid, problems } of answers)
      for (const problem of valid ? [] : problems)
        found.set(`${problem.node} ${problem.input} ${problem.message}`, problem);
  }
  return [...found.values()];
}

/** Under which the server knows the runs of a sweep. */
const clientOf = (sweep: string) => `sweep ${sweep}`;

const chosen = ({ node, input }: Axis, value: Json, index: number): Chosen => ({
  node,
  input,
  value,
  index,
});

/** Makes a sweep of before the one that is shown. */
export async function showSweep(id: string): Promise<void> {
  const { jobs: before, putJob } = useRuns.getState();
  const { jobs } = await api.jobs(`client=${encodeURIComponent(clientOf(id))}&limit=1000`);
  // What events told meanwhile is newer than the answer.
  const { jobs: now } = useRuns.getState();
  for (const job of jobs) if (now[job.id] === before[job.id]) putJob(job);
  useSweep.setState({ sweep: sweepOf(jobs) });
}

/** After a reload: the sweep that was started last. */
export async function findSweep(): Promise<void> {
  const { jobs } = await api.jobs("variants=true&limit=1");
  const id = jobs[0]?.variant?.sweep;
  if (id !== undefined && !useSweep.getState().sweep) await showSweep(id);
}

/**
 * Queues every combination once all of them are found to be sound; returns what is wrong, and then
 * nothing is queued.
 */
export async function startSweep(
  document: Workflow,
  across: Axis,
  down?: Axis,
): Promise<readonly Problem[]> {
  const rows = (down?.values ?? [null]).map((below, row) =>
    across.values.map((beside, column) => {
      const changed = withValue(withValue(document, across, beside), down, below);
      const place = {
        across: chosen(across, beside, column),
        ...(down ? { down: chosen(down, below, row) } : {}),
      };
      return { id: freshId(), document: computed(changed), place };
    }),
  );
  const problems = await problemsOf(rows.flat().map((variant) => variant.document));
  if (problems.length > 0) return problems;
  const jobs = rows.map((row) => row.map(({ id }) => id));
  useSweep.setState({ sweep: { across, ...(down ? { down } : {}), jobs } });
  const sweep = freshId();
  for (const { id, document: changed, place } of rows.flat()) {
    const variant = { sweep, ...place };
    const job = await api.submit({ document: changed, client: clientOf(sweep), id, variant });
    const known = useRuns.getState().jobs[id];
    if (!known || known.state === "queued") useRuns.getState().putJob(job);
  }
  return [];
}
