/** One document run with several values of one or two inputs. */

import { create } from "zustand";
import { api } from "@/api/client";
import type { Problem } from "@/api/shapes";
import { setInput } from "@/document/edit";
import { freshId } from "@/document/names";
import { apply } from "@/document/operation";
import { writeLiteral } from "@/document/reference";
import { type Json, ROOT, type Workflow } from "@/document/workflow";
import { computed } from "@/run/submit";
import { useRuns } from "@/state/runs";

/** An input and the values it gets. */
export type Axis = { node: string; input: string; values: Json[] };

export type Sweep = { name: string; across: Axis; down?: Axis; jobs: string[][] };

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

/**
 * Queues every combination once all of them are found to be sound; returns what is wrong, and then
 * nothing is queued.
 */
export async function startSweep(
  document: Workflow,
  across: Axis,
  down?: Axis,
): Promise<readonly Problem[]> {
  const rows = (down?.values ?? [null]).map((below) =>
    across.values.map((beside) => {
      const changed = withValue(withValue(document, across, beside), down, below);
      return { id: freshId(), document: computed(changed) };
    }),
  );
  const problems = await problemsOf(rows.flat().map((variant) => variant.document));
  if (problems.length > 0) return problems;
  const jobs = rows.map((row) => row.map(({ id }) => id));
  const name = document.name ?? "";
  useSweep.setState({ sweep: { name, across, ...(down ? { down } : {}), jobs } });
  const client = `sweep ${freshId()}`;
  for (const { id, document: variant } of rows.flat()) {
    const job = await api.submit({ document: variant, client, id });
    const known = useRuns.getState().jobs[id];
    if (!known || known.state === "queued") useRuns.getState().putJob(job);
  }
  return [];
}
