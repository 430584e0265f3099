/** What a plan says in words. */

import type { Plan } from "@/api/shapes";
import type { Catalogue } from "@/language/en";
import { duration, size } from "@/language/text";

/** How many nodes would run, of how many. */
export function countOf(plan: Plan | undefined): { runs: number; all: number } {
  const nodes = Object.values(plan?.nodes ?? {});
  return { runs: nodes.filter(({ action }) => action === "run").length, all: nodes.length };
}

/** What would run, for how long, with how much memory, as far as the server knows. */
export function planWord(t: Catalogue, plan: Plan): string {
  const { runs, all } = countOf(plan);
  if (runs === 0) return t.planAll(all);
  return [
    t.planRuns(runs, all),
    ...(plan.seconds === null ? [] : [t.about(duration(plan.seconds))]),
    ...(plan.bytes === null ? [] : [t.memory(size(plan.bytes))]),
  ].join(", ");
}
