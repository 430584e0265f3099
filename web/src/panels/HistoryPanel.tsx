import { useEffect, useState } from "react";
import { api, fileUrl } from "@/api/client";
import type { Job } from "@/api/shapes";
import { titleOfRun } from "@/commands/compare";
import { openRun } from "@/commands/files";
import { useMessage } from "@/language/terms";
import { duration, useText, when } from "@/language/text";
import { picturesOf } from "@/results/pictures";
import { viewer } from "@/results/viewer";
import { Tool } from "@/shell/Tool";
import { type Compared, say, usePanels } from "@/state/panels";
import { useRuns } from "@/state/runs";
import { activeTab } from "@/state/tabs";
import { search } from "@/text/fuzzy";

const PAGE = 60;

/** Runs that are over: their pictures and documents, and what differs between two. */
export function HistoryPanel() {
  const t = useText();
  const [jobs, setJobs] = useState<Job[]>([]);
  const [next, setNext] = useState<number | null>(null);
  const [query, setQuery] = useState("");
  const [chosen, setChosen] = useState<Job[]>([]);
  const ended = useRuns((state) => Object.values(state.jobs).filter((j) => j.finished).length);
  const load = (before?: number) =>
    void api
      .jobs(`state=done,failed,cancelled&limit=${PAGE}${before ? `&before=${before}` : ""}`)
      .then(
        (answer) => {
          setJobs((old) => (before ? [...old, ...answer.jobs] : answer.jobs));
          setNext(answer.next);
        },
        (error: Error) => say(error.message),
      );
  useEffect(() => load(), [ended]);

  async function compare(): Promise<void> {
    const [one, other] = [...chosen].sort((a, b) => a.number - b.number);
    if (!one) return;
    const side = async (job: Job): Promise<Compared> => {
      const [picture] = picturesOf(job.outputs);
      const document = await api.jobDocument(job.id);
      return { title: titleOfRun(job), document, ...(picture ? { picture } : {}) };
    };
    const tab = activeTab();
    const now: Compared | undefined = tab && { title: t.now, document: tab.log.document };
    const right = other ? await side(other) : now;
    if (right) usePanels.setState({ dialog: "compare", compared: [await side(one), right] });
  }

  function choose(job: Job): void {
    const rest = chosen.filter(({ id }) => id !== job.id);
    setChosen(rest.length < chosen.length ? rest : [...rest.slice(-1), job]);
  }

  const found = search(query, jobs, (job) => [
    { text: titleOfRun(job), weight: 1 },
    {
      text: picturesOf(job.outputs)
        .map(({ path }) => path)
        .join(" "),
      weight: 0.8,
    },
  ]);
  if (jobs.length === 0) return <p className="quiet">{t.historyEmpty}</p>;
  return (
    <>
      <input
        className="field"
        aria-label={t.search}
        placeholder={t.search}
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      {chosen.length > 0 && (
        <button type="button" className="button primary" onClick={() => void compare()}>
          {chosen.length === 2 ? t.compareRuns : t.compareNow}
        </button>
      )}
      {found.length === 0 && <p className="quiet">{t.nothingFound}</p>}
      <ul className="list">
        {found.map((job) => (
          <Run
            key={job.id}
            job={job}
            title={titleOfRun(job)}
            chosen={chosen.some(({ id }) => id === job.id)}
            onChoose={() => choose(job)}
          />
        ))}
      </ul>
      {next !== null && (
        <button type="button" className="button" onClick={() => load(next)}>
          {t.older}
        </button>
      )}
    </>
  );
}

type RunProps = { job: Job; title: string; chosen: boolean; onChoose(): void };

function Run({ job, title, chosen, onChoose }: RunProps) {
  const t = useText();
  const inWords = useMessage();
  const pictures = picturesOf(job.outputs);
  return (
    <li className="run">
      <input
        type="checkbox"
        aria-label={t.choose(`#${job.number}`)}
        checked={chosen}
        onChange={onChoose}
      />
      <div className="thumbs">
        {pictures.slice(0, 1).map((file) => (
          <button
            type="button"
            key={file.url}
            aria-label={file.path}
            onClick={() => viewer.open(pictures, 0)}
          >
            <img src={fileUrl(file, 128)} alt={file.path} loading="lazy" />
          </button>
        ))}
      </div>
      <span>
        <b>{title}</b>
        <small title={when(job.created)}>
          {t[job.state]}
          {job.seconds ? ` · ${duration(job.seconds)}` : ""} · {when(job.created)}
        </small>
        {job.error && <small className="wrong">{inWords(job.error.message)}</small>}
      </span>
      <Tool
        icon="nodes"
        label={t.reproduce}
        onClick={() => void openRun(job.id).catch((error: Error) => say(error.message))}
      />
      <Tool
        icon="play"
        label={t.retry}
        onClick={() => void api.retry(job.id).catch((error: Error) => say(error.message))}
      />
    </li>
  );
}
