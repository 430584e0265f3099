/** What a plan says in words. */

import type { Plan } from "@/api/shapes";
import type { Catalogue } from "@/language/en";
import { duration, size } from "@/language/text";

/** How many nodes would run, of how many. */
export function countOf(plan: Plan | undefined): { runs: number; all: number } {
  const nodes = Object.values(plan?.nodes ?? {});
  return { runs: nodes.filter(({ action }) => action === "run").length, all: nodes.length };
}

/** How long it would take, as far as is known; undefined where nothing is. */
function timeOf(t: Catalogue, { seconds, unknown }: Plan): string | undefined {
  if (seconds === null) return undefined;
  return (unknown > 0 ? t.noLess : t.about)(duration(seconds));
}

/** The same in short, as `3 s`, or `3 s +` where some of it is not known. */
export function shortTimeOf({ seconds, unknown }: Plan): string | undefined {
  return seconds === null ? undefined : `${duration(seconds)}${unknown > 0 ? " +" : ""}`;
}

/** Results and weights in short, as `85 MB`, or `85 MB +` where some of it is not known. */
export function shortMemoryOf({ bytes, weights, unweighed }: Plan): string | undefined {
  const known = (bytes ?? 0) + weights;
  return known === 0 ? undefined : `${size(known)}${unweighed > 0 ? " +" : ""}`;
}

/** The memory that results and weights take; activations come on top, which nobody knows. */
function memoryOf(t: Catalogue, { bytes, weights, unweighed }: Plan): string[] {
  const about = unweighed > 0 ? t.noLess : t.about;
  return [
    ...(bytes === null ? [] : [t.memory(size(bytes))]),
    ...(weights === 0 ? [] : [t.weights(about(size(weights)))]),
  ];
}

/** What would run, for how long, with how much memory, as far as the server knows. */
export function planWord(t: Catalogue, plan: Plan): string {
  const { runs, all } = countOf(plan);
  if (runs === 0) return t.planAll(all);
  const time = timeOf(t, plan);
  return t.together([
    t.planRuns(runs, all),
    ...(time === undefined ? [] : [time]),
    ...memoryOf(t, plan),
  ]);
}
