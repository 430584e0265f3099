import { fileUrl } from "@/api/client";
import type { Job, StoredFile } from "@/api/shapes";
import { titleOfRun } from "@/commands/compare";
import { useMessage } from "@/language/terms";
import { useText } from "@/language/text";
import { picturesOf } from "@/results/pictures";
import { viewer } from "@/results/viewer";
import { useRuns } from "@/state/runs";
import type { Sweep } from "@/sweep/grid";

const pictureOf = (job: Job | undefined) => picturesOf(job?.outputs ?? {})[0];

/** A picture for every combination, as they come; the values stand at the edges. */
export function SweepGrid({ sweep }: { sweep: Sweep }) {
  const jobs = useRuns((state) => state.jobs);
  const { across, down } = sweep;
  const first = jobs[sweep.jobs.flat().find(Boolean) ?? ""];
  const pictures = sweep.jobs.flat().flatMap((id) => pictureOf(jobs[id]) ?? []);
  return (
    <div className="sweep-grid">
      <table>
        <caption>
          {first && `${titleOfRun(first)} · `}
          {across.node}.{across.input} → {down && `${down.node}.${down.input} ↓`}
        </caption>
        <thead>
          <tr>
            {down && <td />}
            {across.values.map((value, column) => (
              <th scope="col" key={column}>
                {String(value)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sweep.jobs.map((row, index) => (
            <tr key={index}>
              {down && <th scope="row">{String(down.values[index])}</th>}
              {row.map((id, column) => (
                <td key={id || column}>
                  <Cell job={jobs[id]} pictures={pictures} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cell({ job, pictures }: { job: Job | undefined; pictures: StoredFile[] }) {
  const t = useText();
  const inWords = useMessage();
  const picture = pictureOf(job);
  if (!picture)
    return (
      <span className={job?.error ? "cell wrong" : "cell"}>
        {job?.error ? inWords(job.error.message) : job && t[job.state]}
      </span>
    );
  return (
    <button
      type="button"
      className="cell"
      aria-label={picture.path}
      onClick={() => viewer.open(pictures, pictures.indexOf(picture))}
    >
      <img src={fileUrl(picture, 256)} alt={picture.path} />
    </button>
  );
}
