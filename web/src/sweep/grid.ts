/** The grid of a sweep: inputs, their values, and a run for each of these. */

import type { Chosen, Job } from "@/api/shapes";
import type { Json } from "@/document/workflow";

/** An input and the values it gets. */
export type Axis = { node: string; input: string; values: Json[] };

/** jobs: row by row; empty where there is none any more. */
export type Sweep = { across: Axis; down?: Axis; jobs: string[][] };

function axisOf(places: readonly Chosen[]): Axis | undefined {
  const [{ node, input } = {}] = places;
  if (node === undefined || input === undefined) return undefined;
  const values: Json[] = Array(Math.max(...places.map(({ index }) => index)) + 1).fill("");
  for (const { index, value } of places) values[index] = value;
  return { node, input, values };
}

/** The sweep that runs were of, the newest first: of two at one place the newer counts. */
export function sweepOf(jobs: readonly Pick<Job, "id" | "variant">[]): Sweep | undefined {
  const variants = jobs.flatMap(({ variant }) => variant ?? []);
  const across = axisOf(variants.map((variant) => variant.across));
  const down = axisOf(variants.flatMap((variant) => variant.down ?? []));
  if (!across) return undefined;
  const at = new Map(
    [...jobs]
      .reverse()
      .map(({ id, variant }) => [`${variant?.down?.index ?? 0} ${variant?.across.index}`, id]),
  );
  const rows = (down?.values ?? [null]).map((_, row) =>
    across.values.map((_, column) => at.get(`${row} ${column}`) ?? ""),
  );
  return { across, ...(down ? { down } : {}), jobs: rows };
}
