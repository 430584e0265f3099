/** Jobs as the events tell of them, and what the nodes of each tab are doing. */

import { create } from "zustand";
import type { Artifacts, Job, NodeState, Plan } from "@/api/shapes";
import type { Workflow } from "@/document/workflow";

export type NodeRun = {
  state: NodeState;
  reason: string;
  seconds?: number;
  step?: number;
  total?: number;
  started?: number;
  message?: string;
  /** For who wrote the node. */
  trace?: string;
};

/** Which job made what a node shows, and what the node was called in it. */
export type Makers = { [name: string]: readonly [job: string, node: string] };

export type TabRun = {
  job?: string;
  nodes: { [name: string]: NodeRun };
  previews: { [name: string]: string };
  outputs: { [name: string]: Artifacts };
  makers: Makers;
  plan?: Plan;
  /** The nodes as they were sent last. */
  ran?: Workflow["nodes"];
  /** The document after the last run gave its seeds their next values, which is no edit. */
  passed?: Workflow;
  /** They have been edited since. */
  changed?: boolean;
  error?: string;
};

/** How long a node that runs will go on; from its first tenth on. */
export function secondsLeft({
  step = 0,
  total = 0,
  started = Number.POSITIVE_INFINITY,
}: NodeRun): number | undefined {
  const done = total > 0 ? step / total : 0;
  if (!Number.isFinite(started) || done <= 0.1 || done >= 1) return undefined;
  return ((performance.now() - started) / 1000 / done) * (1 - done);
}

/** A tab that begins to show a job; what it made before stays until there is something new. */
export function begun(run: TabRun, job: string): TabRun {
  const { outputs, makers, plan, ran, passed } = run;
  return {
    ...NO_RUN,
    outputs,
    makers,
    job,
    ...(plan ? { plan } : {}),
    ...(ran ? { ran } : {}),
    ...(passed ? { passed } : {}),
  };
}

export const NO_RUN: TabRun = { nodes: {}, previews: {}, outputs: {}, makers: {} };

/** What a node made is there under its new name too; under the old one an undo finds it. */
export function renamed(run: TabRun, from: string, to: string): TabRun {
  const made = run.outputs[from];
  const maker = run.makers[from];
  if (!made) return run;
  return {
    ...run,
    outputs: { ...run.outputs, [to]: made },
    makers: maker ? { ...run.makers, [to]: maker } : run.makers,
  };
}

/** What a job made takes the place of what its nodes showed before. */
export function shown(run: TabRun, job: string, made: TabRun["outputs"]): TabRun {
  const news = Object.keys(made).filter((name) => run.makers[name]?.[0] !== job);
  const makers = Object.fromEntries(news.map((name) => [name, [job, name] as const]));
  return {
    ...run,
    outputs: { ...run.outputs, ...made },
    makers: news.length > 0 ? { ...run.makers, ...makers } : run.makers,
  };
}

type Runs = {
  tabs: { [tab: string]: TabRun };
  jobs: { [id: string]: Job };
  changeTab(tab: string, change: (run: TabRun) => TabRun): void;
  changeNode(tab: string, node: string, change: Partial<NodeRun>): void;
  putJob(job: Job): void;
  changeJob(id: string, change: Partial<Job>): void;
};

export const useRuns = create<Runs>()((set) => ({
  tabs: {},
  jobs: {},
  changeTab: (tab, change) =>
    set(({ tabs }) => ({ tabs: { ...tabs, [tab]: change(tabs[tab] ?? NO_RUN) } })),
  changeNode: (tab, node, change) =>
    set(({ tabs }) => {
      const run = tabs[tab] ?? NO_RUN;
      const before = run.nodes[node] ?? { state: "running", reason: "" };
      const nodes = { ...run.nodes, [node]: { ...before, ...change } };
      return { tabs: { ...tabs, [tab]: { ...run, nodes } } };
    }),
  putJob: (job) =>
    set(({ jobs }) => ({ jobs: { ...jobs, [job.id]: { ...jobs[job.id], ...job } } })),
  changeJob: (id, change) =>
    set(({ jobs }) => {
      const job = jobs[id];
      return job ? { jobs: { ...jobs, [id]: { ...job, ...change } } } : {};
    }),
}));

export function useRun(tab: string): TabRun {
  return useRuns(({ tabs }) => tabs[tab] ?? NO_RUN);
}

const turn = ({ state, position }: Job) => (state === "running" ? -1 : (position ?? 1e9));

/** Jobs that are not over, in the order of the queue. */
export function openJobs(jobs: { [id: string]: Job }): Job[] {
  return Object.values(jobs)
    .filter(({ state }) => state === "queued" || state === "running")
    .sort((a, b) => turn(a) - turn(b) || a.number - b.number);
}
