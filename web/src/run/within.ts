/**
 * What became of one node of the canvas, which may be many of a run: a subgraph is all nodes inside it,
 * a node in a loop has one for each round. `rounds:2:sampler` belongs to `rounds` and `rounds:sampler`.
 */

import type { PlannedNode } from "@/api/shapes";
import type { NodeRun } from "@/state/runs";

type Named<T> = { readonly [name: string]: T };

const indexes = new WeakMap<object, Map<string, string[]>>();

/** Every way to say a name without some of the numbers of its rounds. */
function withoutRounds(parts: readonly string[]): string[][] {
  const [first = "", ...rest] = parts;
  let ways = [[first]];
  for (const part of rest) {
    const longer = ways.map((way) => [...way, part]);
    ways = /^\d+$/.test(part) ? [...ways, ...longer] : longer;
  }
  return ways;
}

function indexOf(nodes: Named<unknown>): Map<string, string[]> {
  const known = indexes.get(nodes);
  if (known) return known;
  const index = new Map<string, string[]>();
  const put = (path: string, name: string) => {
    const names = index.get(path);
    if (!names) index.set(path, [name]);
    else if (names.at(-1) !== name) names.push(name);
  };
  for (const name of Object.keys(nodes)) {
    put(name, name);
    // A name with a bracket is no node of the document: it makes a list of one.
    if (!name.includes(":") || name.includes("[")) continue;
    const ways = withoutRounds(name.split(":"));
    for (let length = 1; length <= name.split(":").length; length++)
      for (const way of ways) if (length <= way.length) put(way.slice(0, length).join(":"), name);
  }
  indexes.set(nodes, index);
  return index;
}

const NONE: readonly never[] = [];

/** What is known of a node and of all that are part of it, in the order they became known. */
export function partsOf<T>(nodes: Named<T> | undefined, node: string): readonly T[] {
  if (!nodes) return NONE;
  return (
    indexOf(nodes)
      .get(node)
      ?.map((name) => nodes[name] as T) ?? NONE
  );
}

/** Running while one runs, failed where one failed, reused where all were; the reason counts them. */
export function runWithin(parts: readonly NodeRun[], all: number): NodeRun | undefined {
  const [only, another] = parts;
  if (!another) return only;
  const failed = parts.find(({ state }) => state === "failed");
  if (failed) return failed;
  const ended = parts.filter(({ state }) => state !== "running");
  const step = ended.length;
  const total = Math.max(parts.length, all);
  const started = Math.min(...parts.map((run) => run.started ?? Number.POSITIVE_INFINITY));
  if (parts.length > step) return { state: "running", reason: "", step, total, started };
  const ran = ended.filter(({ state }) => state === "ran");
  const seconds = ran.reduce((sum, run) => sum + (run.seconds ?? 0), 0);
  const reason = `${ran.length || step} / ${total}`;
  return { state: ran.length > 0 ? "ran" : "cached", reason, seconds };
}

/** Runs where one would run; how many of how many is the reason. */
export function planWithin(parts: readonly PlannedNode[]): PlannedNode | undefined {
  const [only, another] = parts;
  if (!another) return only;
  const runs = parts.filter(({ action }) => action === "run");
  const known = runs.flatMap(({ seconds }) => seconds ?? []);
  return {
    action: runs.length > 0 ? "run" : "reuse",
    tier: null,
    reason: `${runs.length || parts.length} / ${parts.length}`,
    seconds: known.length > 0 ? known.reduce((sum, one) => sum + one, 0) : null,
    bytes: null,
  };
}
