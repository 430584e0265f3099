import { useEffect, useState } from "react";
import { api, fileUrl } from "@/api/client";
import type { StoredFile } from "@/api/shapes";
import { useText } from "@/language/text";
import { viewer } from "@/results/viewer";
import { say } from "@/state/panels";
import { useRuns } from "@/state/runs";
import { search } from "@/text/fuzzy";

/** Every picture in the output folder, newest first; those with a tick are compared. */
export function ResultsPanel() {
  const t = useText();
  const [files, setFiles] = useState<StoredFile[]>([]);
  const [query, setQuery] = useState("");
  const [chosen, setChosen] = useState<string[]>([]);
  const ended = useRuns((state) => Object.values(state.jobs).filter((j) => j.finished).length);
  useEffect(() => {
    void api.files("output").then(
      (answer) => setFiles(answer.files.filter((f) => f.media_type.startsWith("image/"))),
      (error: Error) => say(error.message),
    );
  }, [ended]);
  const found = search(query, files, ({ path }) => [{ text: path, weight: 1 }]);
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
      {files.length === 0 && <p className="quiet">{t.resultsEmpty}</p>}
      <div className="gallery">
        {found.map((file, index) => (
          <div key={file.url} className={chosen.includes(file.path) ? "shot chosen" : "shot"}>
            <button
              type="button"
              aria-label={file.path}
              title={file.path}
              onClick={() => viewer.open(found, index)}
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
    </>
  );
}
