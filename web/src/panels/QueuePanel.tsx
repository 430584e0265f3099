import { api } from "@/api/client";
import { useText } from "@/language/text";
import { Icon } from "@/shell/Icon";
import { Tool } from "@/shell/Tool";
import { openJobs, useRuns } from "@/state/runs";
import { useServer } from "@/state/server";

/** What runs and what waits. */
export function QueuePanel() {
  const t = useText();
  const all = useRuns((state) => state.jobs);
  const paused = useServer((state) => state.paused);
  const jobs = openJobs(all);
  return (
    <>
      <button type="button" className="button" onClick={() => void api.pause(!paused)}>
        <Icon name={paused ? "play" : "pause"} />
        {paused ? t.resume : t.pause}
      </button>
      {jobs.length === 0 && <p className="quiet">{t.queueEmpty}</p>}
      <ul className="list">
        {jobs.map((job) => (
          <li key={job.id}>
            <span>
              <b>{job.name ?? job.workflow ?? t.untitled}</b>
              <small>
                #{job.number} · {t[job.state]}
              </small>
            </span>
            {job.state === "queued" && (
              <Tool icon="play" label={t.runFront} onClick={() => void api.moveToFront(job.id)} />
            )}
            <Tool icon="close" label={t.cancel} onClick={() => void api.cancel(job.id)} />
          </li>
        ))}
      </ul>
    </>
  );
}
