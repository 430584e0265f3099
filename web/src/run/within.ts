/** What the nodes inside a subgraph or a loop did, as one. Their names begin with its own and a colon. */

import type { Plan, PlannedNode } from "@/api/shapes";
import type { NodeRun } from "@/state/runs";

function inside<T>(nodes: { [name: string]: T }, node: string): [string, T][] {
  return Object.entries(nodes).filter(([name]) => name.startsWith(`${node}:`));
}

/** Running while one runs, failed where one failed, reused where all were. */
export function runWithin(
  nodes: { [name: string]: NodeRun },
  node: string,
  all: number,
): NodeRun | undefined {
  const found = inside(nodes, node).map(([, run]) => run);
  if (found.length === 0) return undefined;
  const failed = found.find(({ state }) => state === "failed");
  if (failed) return failed;
  const ended = found.filter(({ state }) => state !== "running");
  const step = ended.length;
  const started = Math.min(...found.map((run) => run.started ?? Number.POSITIVE_INFINITY));
  if (step < Math.max(found.length, all) && found.length > step)
    return { state: "running", reason: "", step, total: Math.max(all, found.length), started };
  const ran = ended.filter(({ state }) => state === "ran");
  const seconds = ran.reduce((sum, run) => sum + (run.seconds ?? 0), 0);
  const reason = `${ran.length} / ${ended.length}`;
  return { state: ran.length > 0 ? "ran" : "cached", reason, seconds };
}

/** Runs where one would run; how many of how many is the reason. */
export function planWithin(plan: Plan | undefined, node: string): PlannedNode | undefined {
  const found = inside(plan?.nodes ?? {}, node).map(([, planned]) => planned);
  if (found.length === 0) return undefined;
  const runs = found.filter(({ action }) => action === "run");
  const known = runs.flatMap(({ seconds }) => seconds ?? []);
  return {
    action: runs.length > 0 ? "run" : "reuse",
    tier: null,
    reason: `${runs.length} / ${found.length}`,
    seconds: known.length > 0 ? known.reduce((sum, one) => sum + one, 0) : null,
    bytes: null,
  };
}

/** How many nodes a plan has inside. */
export function countWithin(plan: Plan | undefined, node: string): number {
  return inside(plan?.nodes ?? {}, node).length;
}
