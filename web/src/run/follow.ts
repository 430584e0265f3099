/** Turns the server's events into what the page shows. */

import { ApiError, api, located } from "@/api/client";
import { listen } from "@/api/events";
import type { Job, Made, NodeState, Preview, ServerEvent } from "@/api/shapes";
import { say } from "@/state/panels";
import { begun, shown, useRuns } from "@/state/runs";
import { useServer } from "@/state/server";
import { type Tab, useTabs } from "@/state/tabs";
import { afterEvent, type FileEvent, isFileEvent } from "@/state/whereabouts";

/** A job as it stands, for a tab that missed its events. */
function adopt(job: Job, tab: string): void {
  const runs = useRuns.getState();
  runs.putJob(job);
  if (runs.tabs[tab]?.job !== job.id) return;
  // A node that a cancelled job was at is at nothing any more.
  const nodes = Object.entries(job.nodes ?? {}).filter(
    ([, { state }]) => !(job.finished && state === "running"),
  );
  runs.changeTab(tab, (run) => ({
    ...shown(run, job.id, located(job.outputs)),
    nodes: Object.fromEntries(nodes.map(([name, node]) => [name, { ...node }])),
    ...(job.error ? { error: job.error.message } : {}),
  }));
  for (const failure of job.failures ?? [])
    runs.changeNode(tab, failure.node, {
      state: "failed",
      message: failure.message,
      ...(failure.trace ? { trace: failure.trace } : {}),
    });
}

/** The tab of a client shows this job from now on. */
function show(client: string, id: string): void {
  const { tabs, changeTab } = useRuns.getState();
  if (tabs[client] && tabs[client].job !== id) changeTab(client, (run) => begun(run, id));
}

/** The tabs that show a job; of one whose draft another window took, the tab that went on too. */
function showing(job: string): string[] {
  const { tabs } = useRuns.getState();
  return Object.keys(tabs).filter((tab) => tabs[tab]?.job === job);
}

/** A job of before; nothing where the server does not keep it any more. */
async function past(id: string): Promise<Job | undefined> {
  try {
    return await api.job(id);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

/** A tab shows what became of a job, whoever ran it. */
export async function showRun(tab: string, id: string): Promise<void> {
  const before = useRuns.getState().jobs[id];
  const job = await past(id);
  if (!job) return;
  if (useRuns.getState().jobs[id] === before) adopt(job, tab);
  if (!useRuns.getState().tabs[tab]?.ran) await recall(tab, id);
}

/** For a tab that came back: what jobs before its last one made and the last one did not. */
async function recallPictures(tab: string): Promise<void> {
  const { makers = {}, outputs = {} } = useRuns.getState().tabs[tab] ?? {};
  const missing = Object.entries(makers).filter(([name]) => !outputs[name]);
  for (const id of new Set(missing.map(([, [job]]) => job))) {
    const made = located((await past(id))?.outputs ?? {});
    const found = missing.flatMap(([name, [job, node]]) => {
      const mine = job === id ? made[node] : undefined;
      return mine ? [[name, mine] as const] : [];
    });
    useRuns.getState().changeTab(tab, (run) => ({
      ...run,
      outputs: { ...Object.fromEntries(found), ...run.outputs },
    }));
  }
}

/** For a tab that came back: whether its document is still the one that was run. */
async function recall(id: string, job: string): Promise<void> {
  const { nodes } = await api.jobDocument(job);
  const now = useTabs.getState().tabs.find((tab) => tab.id === id)?.log.document.nodes;
  const ran = JSON.stringify(now) === JSON.stringify(nodes) ? now : nodes;
  if (ran) useRuns.getState().changeTab(id, (run) => ({ ...run, ran, changed: ran !== now }));
}

async function catchUp(): Promise<void> {
  const runs = useRuns.getState();
  const { paused: was } = useServer.getState();
  const { running, queued, paused } = await api.queue();
  // What events told meanwhile is newer than the answer.
  if (useServer.getState().paused === was) useServer.setState({ paused });
  const isNews = ({ id }: Job) => useRuns.getState().jobs[id] === runs.jobs[id];
  for (const job of [...running, ...queued].filter(isNews)) {
    runs.putJob(job);
    if (job.state === "running") show(job.client ?? "", job.id);
  }
  for (const [tab, { job }] of Object.entries(useRuns.getState().tabs)) {
    if (job) await showRun(tab, job);
    await recallPictures(tab);
  }
  await lookForAll();
}

async function lookForAll(): Promise<void> {
  await Promise.all(useTabs.getState().tabs.map(lookFor));
}

function onEvent(event: ServerEvent): void {
  const { type, job, data = {} } = event;
  if (type === "node_types.changed") void useServer.getState().loadTypes();
  else if (type === "queue.paused") useServer.setState({ paused: true });
  else if (type === "queue.resumed") useServer.setState({ paused: false });
  else if (isFileEvent(event)) onFile(event);
  if (!job) return;
  if (type.startsWith("job.")) onJob(type, job, data, event);
  else for (const tab of showing(job)) onNode(type, data, job, tab);
}

function onFile(event: FileEvent): void {
  const { tabs, change } = useTabs.getState();
  for (const tab of tabs) {
    const found = afterEvent(tab, event);
    if ("theirs" in found || "lost" in found) change(tab.id, found);
  }
  useServer.setState(({ files }) => ({ files: files + 1 }));
}

/** For a tab that missed events: whether its file is still there, and the same. */
async function lookFor(tab: Tab): Promise<void> {
  const { path, lost } = tab;
  if (path === undefined || lost) return;
  const { change } = useTabs.getState();
  try {
    const { etag } = await api.workflow(path);
    change(tab.id, { theirs: etag });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) change(tab.id, { lost: {} });
    else throw error;
  }
}

function onJob(type: string, id: string, data: Record<string, unknown>, event: ServerEvent): void {
  const runs = useRuns.getState();
  if (type === "job.queued" && !runs.jobs[id])
    runs.putJob({
      id,
      state: "queued",
      client: event.client ?? null,
      outputs: {},
      error: null,
      progress: null,
      created: Date.now() / 1000,
      started: null,
      finished: null,
      seconds: null,
      number: Number(data.number),
      name: (data.name as string) ?? null,
      workflow: (data.workflow as string) ?? null,
    });
  if (type === "job.started") {
    runs.changeJob(id, { state: "running", started: Date.now() / 1000 });
    show(event.client ?? "", id);
  }
  if (type === "job.requeued") runs.changeJob(id, { state: "queued" });
  if (type === "job.done" || type === "job.failed" || type === "job.cancelled") {
    runs.changeJob(id, {
      state: type.slice(4) as Job["state"],
      finished: Date.now() / 1000,
      seconds: (data.seconds as number) ?? null,
      ...(data.outputs ? { outputs: located(data.outputs as Made) } : {}),
      ...(data.error ? { error: data.error as Job["error"] } : {}),
    });
    const tabs = showing(id);
    if (tabs.length > 0)
      void api.job(id).then(
        (ended) => {
          for (const tab of tabs) adopt(ended, tab);
        },
        (error: Error) => say(error.message),
      );
  }
}

function onNode(type: string, data: Record<string, unknown>, job: string, tab: string): void {
  const runs = useRuns.getState();
  const node = String(data.node ?? "");
  if (type === "node.started")
    runs.changeNode(tab, node, { state: "running", reason: "", started: performance.now() });
  else if (type === "progress")
    runs.changeNode(tab, node, { step: Number(data.step), total: Number(data.total) });
  else if (type === "nodes.cached")
    for (const [name, reason] of Object.entries((data.nodes ?? {}) as Record<string, string>))
      runs.changeNode(tab, name, { state: "cached", reason });
  else if (type === "node.finished")
    runs.changeNode(tab, node, {
      state: data.state as NodeState,
      seconds: Number(data.seconds),
      reason: String(data.reason ?? ""),
    });
  const made = located((data.outputs ?? {}) as Made);
  if (Object.keys(made).length > 0) runs.changeTab(tab, (run) => shown(run, job, made));
}

function onPreview(head: Preview, picture: Blob): void {
  const runs = useRuns.getState();
  for (const tab of showing(head.job)) {
    runs.changeTab(tab, (run) => {
      const old = run.previews[head.node];
      if (old) URL.revokeObjectURL(old);
      return { ...run, previews: { ...run.previews, [head.node]: URL.createObjectURL(picture) } };
    });
    runs.changeNode(tab, head.node, { step: head.step, total: head.total });
  }
}

/** After these, the jobs that wait may have another order. */
const REORDERS = new Set(["job.queued", "job.moved", "job.requeued", "job.resumed"]);

async function lookAtOrder(): Promise<void> {
  const { queued } = await api.queue();
  useRuns.setState(({ jobs }) => {
    const placed = queued.flatMap(({ id, position = null }) => {
      const job = jobs[id];
      return job ? [[id, { ...job, position }] as const] : [];
    });
    return { jobs: { ...jobs, ...Object.fromEntries(placed) } };
  });
}

/** Follows the server until the returned function is called. */
export function follow(): () => void {
  const again = () => void catchUp().catch(() => undefined);
  // No event tells what other programs wrote: the files are looked at when the person comes back from them.
  const back = () => {
    void lookForAll().catch(() => undefined);
    void useServer
      .getState()
      .loadTypes("news")
      .catch(() => undefined);
  };
  window.addEventListener("focus", back);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = listen({
    event(event) {
      onEvent(event);
      if (!REORDERS.has(event.type)) return;
      clearTimeout(timer);
      timer = setTimeout(() => void lookAtOrder().catch(() => undefined), 100);
    },
    preview: onPreview,
    gap: again,
    connected(on) {
      useServer.setState({ connected: on });
      if (on) again();
    },
  });
  return () => {
    clearTimeout(timer);
    window.removeEventListener("focus", back);
    stop();
  };
}
