import { useEffect, useState } from "react";
import { api, fileUrl } from "@/api/client";
import type { Job } from "@/api/shapes";
import { open } from "@/commands/files";
import { type Difference, difference } from "@/document/difference";
import { picturesOf } from "@/form/FormView";
import { duration, useText } from "@/language/text";
import { viewer } from "@/results/viewer";
import { Tool } from "@/shell/Tool";
import { useRuns } from "@/state/runs";
import { activeTab } from "@/state/tabs";

/** Runs that are over: their pictures, their documents, and what changed since. */
export function HistoryPanel() {
  const t = useText();
  const [jobs, setJobs] = useState<Job[]>([]);
  const [changes, setChanges] = useState<{ id: string; list: Difference[] }>();
  const ended = useRuns((state) => Object.values(state.jobs).filter((j) => j.finished).length);
  useEffect(() => {
    void api.jobs("state=done,failed,cancelled&limit=60").then(
      (answer) => setJobs(answer.jobs),
      () => undefined,
    );
  }, [ended]);

  async function compare(job: Job): Promise<void> {
    const now = activeTab()?.log.document;
    if (!now) return;
    if (changes?.id === job.id) return setChanges(undefined);
    setChanges({ id: job.id, list: difference(await api.jobDocument(job.id), now) });
  }

  if (jobs.length === 0) return <p className="quiet">{t.historyEmpty}</p>;
  return (
    <ul className="list">
      {jobs.map((job) => {
        const pictures = picturesOf(job.outputs);
        return (
          <li key={job.id} className="tall">
            <div className="thumbs">
              {pictures.slice(0, 4).map((file, index) => (
                <button
                  type="button"
                  key={file.url}
                  aria-label={file.path}
                  onClick={() => viewer.open(pictures, index)}
                >
                  <img src={fileUrl(file, 128)} alt={file.path} loading="lazy" />
                </button>
              ))}
            </div>
            <span>
              <b>{job.name ?? t.untitled}</b>
              <small>
                #{job.number} · {t[job.state]}
                {job.seconds !== null && ` · ${duration(job.seconds)}`}
              </small>
              {job.error && <small className="wrong">{job.error.message}</small>}
            </span>
            <Tool icon="compare" label={t.difference} onClick={() => void compare(job)} />
            <Tool
              icon="reuse"
              label={t.reproduce}
              onClick={() => void api.jobDocument(job.id).then((d) => open(d))}
            />
            {changes?.id === job.id && (
              <dl className="difference">
                {changes.list.length === 0 && <dt>{t.noDifference}</dt>}
                {changes.list.map((change) => (
                  <div key={`${change.node}.${change.input}`}>
                    <dt>{change.input ? `${change.node}.${change.input}` : change.node}</dt>
                    <dd>
                      <del>{change.before === undefined ? "–" : String(change.before)}</del>{" "}
                      <ins>{change.after === undefined ? "–" : String(change.after)}</ins>
                    </dd>
                  </div>
                ))}
              </dl>
            )}
          </li>
        );
      })}
    </ul>
  );
}
