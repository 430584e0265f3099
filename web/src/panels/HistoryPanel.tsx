import { useEffect, useState } from "react";
import { api, fileUrl } from "@/api/client";
import type { Job, StoredFile } from "@/api/shapes";
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
import { showSweep } from "@/sweep/sweeps";

const PAGE = 60;
const PAUSE = 200;

/** Runs that are over: their pictures and documents, and what differs between two. */
export function HistoryPanel() {
  const t = useText();
  const [jobs, setJobs] = useState<Job[]>([]);
  /** The newest of all: the server does not know what the page calls them. */
  const [recent, setRecent] = useState<Job[]>([]);
  const [next, setNext] = useState<number | null>(null);
  const [query, setQuery] = useState("");
  const [chosen, setChosen] = useState<Job[]>([]);
  const ended = useRuns((state) => Object.values(state.jobs).filter((j) => j.finished).length);
  const asked = query.trim();

  async function page(before?: number): Promise<{ jobs: Job[]; next: number | null }> {
    const which = new URLSearchParams({
      state: "done,failed,cancelled",
      limit: String(PAGE),
      ...(asked ? { search: asked } : {}),
      ...(before ? { before: String(before) } : {}),
    });
    return api.jobs(String(which));
  }
  useEffect(() => {
    let current = true;
    const later = setTimeout(
      () =>
        void page().then(
          (answer) => {
            if (!current) return;
            setJobs(answer.jobs);
            setNext(answer.next);
            if (!asked) setRecent(answer.jobs);
          },
          (error: Error) => say(error.message),
        ),
      asked ? PAUSE : 0,
    );
    return () => {
      current = false;
      clearTimeout(later);
    };
  }, [ended, asked]);

  async function older(before: number): Promise<void> {
    const answer = await page(before);
    setJobs((known) => [...known, ...answer.jobs]);
    setNext(answer.next);
  }

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

  const words = asked.toLowerCase().split(/\s+/);
  const called = (job: Job) => {
    const title = titleOfRun(job).toLowerCase();
    return words.every((word) => title.includes(word));
  };
  const known = new Set(jobs.map(({ id }) => id));
  const more = asked ? recent.filter((job) => !known.has(job.id) && called(job)) : [];
  const found = [...jobs, ...more].sort((a, b) => b.number - a.number);
  if (recent.length === 0) return <p className="quiet">{t.historyEmpty}</p>;
  const row = (job: Job) => (
    <Run
      key={job.id}
      job={job}
      title={titleOfRun(job)}
      chosen={chosen.some(({ id }) => id === job.id)}
      onChoose={() => choose(job)}
    />
  );
  return (
    <>
      <input
        className="field"
        aria-label={t.search}
        placeholder={t.searchRuns}
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
        {inSweeps(found).map(([job, ...others]) =>
          job?.variant ? (
            <SweepRuns key={job.variant.sweep} jobs={[job, ...others]} row={row} />
          ) : (
            job && row(job)
          ),
        )}
      </ul>
      {next !== null && (
        <button type="button" className="button" onClick={() => void older(next)}>
          {t.older}
        </button>
      )}
    </>
  );
}

/** Runs one by one, those of a sweep together where its newest is. */
function inSweeps(jobs: readonly Job[]): Job[][] {
  const found = new Map<string, Job[]>();
  for (const job of jobs) {
    const key = job.variant ? `sweep ${job.variant.sweep}` : job.id;
    const others = found.get(key);
    if (others) others.push(job);
    else found.set(key, [job]);
  }
  return [...found.values()];
}

/** The runs of a sweep as one: its grid, and by a click each run. */
function SweepRuns({ jobs, row }: { jobs: Job[]; row(job: Job): React.ReactNode }) {
  const t = useText();
  const [open, setOpen] = useState(false);
  const [newest] = jobs;
  const oldest = jobs.at(-1);
  if (!newest?.variant || !oldest) return null;
  const { sweep, across, down } = newest.variant;
  const axes = [across, ...(down ? [down] : [])].map(({ node, input }) => `${node}.${input}`);
  async function show(): Promise<void> {
    await showSweep(sweep);
    usePanels.setState({ dialog: "sweep" });
  }
  return (
    <>
      <li className="run">
        <Thumb pictures={jobs.flatMap((job) => picturesOf(job.outputs))} />
        <span>
          <b>{titleOfRun(oldest)}</b>
          <small title={when(newest.created)}>
            {t.sweepRuns(jobs.length)} · {when(newest.created)}
          </small>
          <small>{axes.join(" × ")}</small>
        </span>
        <Tool
          icon="grid"
          label={t.sweepShow}
          onClick={() => void show().catch((error: Error) => say(error.message))}
        />
        <Tool
          icon="chevron"
          label={t.sweepEach}
          pressed={open}
          onClick={() => setOpen((before) => !before)}
        />
      </li>
      {open && jobs.map(row)}
    </>
  );
}

/** The first picture, which shows all of them. */
function Thumb({ pictures }: { pictures: StoredFile[] }) {
  return (
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
      <Thumb pictures={pictures} />
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
