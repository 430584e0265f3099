import { useEffect, useState } from "react";
import { api, fileUrl } from "@/api/client";
import type { StoredFile } from "@/api/shapes";
import { useText } from "@/language/text";
import { startDrag } from "@/results/dragging";
import { viewer } from "@/results/viewer";
import { say } from "@/state/panels";
import { useRuns } from "@/state/runs";

const PAUSE = 200;
const isPicture = (file: StoredFile) => file.media_type.startsWith("image/");

/** Every picture in the output folder, newest first; those with a tick are compared. */
export function ResultsPanel() {
  const t = useText();
  const [files, setFiles] = useState<StoredFile[]>([]);
  const [query, setQuery] = useState("");
  const [chosen, setChosen] = useState<string[]>([]);
  const ended = useRuns((state) => Object.values(state.jobs).filter((j) => j.finished).length);
  const [next, setNext] = useState<number | null>(null);
  useEffect(() => {
    let current = true;
    const later = setTimeout(() => {
      void api.files("output", query, 0).then(
        (answer) => {
          if (!current) return;
          setFiles(answer.files.filter(isPicture));
          setNext(answer.next);
        },
        (error: Error) => say(error.message),
      );
    }, PAUSE);
    return () => {
      current = false;
      clearTimeout(later);
    };
  }, [ended, query]);

  async function older(after: number): Promise<void> {
    const answer = await api.files("output", query, after);
    setFiles((before) => [...before, ...answer.files.filter(isPicture)]);
    setNext(answer.next);
  }

  const picked = files.filter(({ path }) => chosen.includes(path));
  return (
    <>
      <input
        className="field"
        aria-label={t.search}
        placeholder={t.search}
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      {picked.length > 1 && (
        <button
          type="button"
          className="button primary"
          onClick={() => viewer.open(picked, 0, "side")}
        >
          {t.compare} ({picked.length})
        </button>
      )}
      {files.length === 0 && (
        <p className="quiet">{query.trim() ? t.nothingFound : t.resultsEmpty}</p>
      )}
      <div className="gallery">
        {files.map((file, index) => (
          <div key={file.url} className={chosen.includes(file.path) ? "shot chosen" : "shot"}>
            <button
              type="button"
              aria-label={file.path}
              title={file.path}
              draggable
              onDragStart={(event) => startDrag(event, file)}
              onClick={() => viewer.open(files, index)}
            >
              <img src={fileUrl(file, 256)} alt={file.path} loading="lazy" />
            </button>
            <input
              type="checkbox"
              aria-label={t.choose(file.path)}
              checked={chosen.includes(file.path)}
              onChange={({ target }) =>
                setChosen((now) =>
                  target.checked ? [...now, file.path] : now.filter((path) => path !== file.path),
                )
              }
            />
          </div>
        ))}
      </div>
      {next !== null && (
        <button
          type="button"
          className="button"
          onClick={() => void older(next).catch((error: Error) => say(error.message))}
        >
          {t.olderPictures}
        </button>
      )}
    </>
  );
}
