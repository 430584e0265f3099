/** One document run with several values of one or two inputs. */

import { create } from "zustand";
import { api } from "@/api/client";
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

/** The last sweep, row by row; what its jobs made is in `useRuns`. */
export const useSweep = create<{ sweep: Sweep | undefined }>()(() => ({ sweep: undefined }));

function withValue(document: Workflow, axis: Axis | undefined, value: Json): Workflow {
  if (!axis) return document;
  const edit = setInput(document, ROOT, axis.node, axis.input, writeLiteral(value));
  return apply(document, edit.patches);
}

/** Queues every combination. Throws ApiError at the first that the server refuses. */
export async function startSweep(document: Workflow, across: Axis, down?: Axis): Promise<void> {
  const rows = down?.values ?? [null];
  const jobs = rows.map(() => across.values.map(() => freshId()));
  const name = document.name ?? "";
  useSweep.setState({ sweep: { name, across, ...(down ? { down } : {}), jobs } });
  const client = `sweep ${freshId()}`;
  for (const [row, below] of rows.entries())
    for (const [column, beside] of across.values.entries()) {
      const changed = withValue(withValue(document, across, beside), down, below);
      const id = jobs[row]?.[column] as string;
      const job = await api.submit({ document: computed(changed), client, id });
      const known = useRuns.getState().jobs[id];
      if (!known || known.state === "queued") useRuns.getState().putJob(job);
    }
}
