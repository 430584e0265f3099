import { api } from "@/api/client";
import type { Job } from "@/api/shapes";
import { useText } from "@/language/text";
import { Icon } from "@/shell/Icon";
import { Tool } from "@/shell/Tool";
import { nameOf } from "@/shell/TopBar";
import { say } from "@/state/panels";
import { openJobs, useRuns } from "@/state/runs";
import { useServer } from "@/state/server";
import { useTabs } from "@/state/tabs";

const tell = (error: Error) => say(error.message);

/** What runs and what waits. */
export function QueuePanel() {
  const t = useText();
  const all = useRuns((state) => state.jobs);
  const paused = useServer((state) => state.paused);
  const jobs = openJobs(all);
  return (
    <>
      <div className="queue-tools">
        <button
          type="button"
          className="button"
          onClick={() => void api.pause(!paused).catch(tell)}
        >
          <Icon name={paused ? "play" : "pause"} />
          {paused ? t.resume : t.pause}
        </button>
        {jobs.length > 1 && (
          <button
            type="button"
            className="button"
            onClick={() => void api.cancelAll(jobs.map(({ id }) => id)).catch(tell)}
          >
            {t.cancelAll}
          </button>
        )}
      </div>
      {jobs.length === 0 && <p className="quiet">{t.queueEmpty}</p>}
      <ul className="list">
        {jobs.map((job) => (
          <Waiting key={job.id} job={job} />
        ))}
      </ul>
    </>
  );
}

function Waiting({ job }: { job: Job }) {
  const t = useText();
  const tab = useTabs(({ tabs }) => tabs.find(({ id }) => id === job.client));
  const nodes = useRuns(({ tabs }) => {
    const run = tabs[job.client ?? ""];
    return run?.job === job.id ? run.nodes : undefined;
  });
  const running = Object.entries(nodes ?? {}).find(([, one]) => one.state === "running");
  const name = job.name || job.workflow || (tab && nameOf(tab, t.untitled)) || t.untitled;
  const [node, { step, total }] = running ?? ["", {}];
  return (
    <li>
      <span>
        <b>{name}</b>
        <small>
          #{job.number} · {t[job.state]}
          {node && ` · ${node}`}
          {step !== undefined && total ? ` · ${t.step(step, total)}` : ""}
        </small>
      </span>
      {job.state === "queued" && (
        <Tool
          icon="play"
          label={t.runFront}
          onClick={() => void api.moveToFront(job.id).catch(tell)}
        />
      )}
      <Tool icon="close" label={t.cancel} onClick={() => void api.cancel(job.id).catch(tell)} />
    </li>
  );
}
