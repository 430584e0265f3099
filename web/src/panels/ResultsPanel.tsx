import { useEffect, useState } from "react";
import { api, fileUrl } from "@/api/client";
import type { StoredFile } from "@/api/shapes";
import { useText } from "@/language/text";
import { viewer } from "@/results/viewer";
import { useRuns } from "@/state/runs";
import { search } from "@/text/fuzzy";

/** Every picture in the output folder, newest first. */
export function ResultsPanel() {
  const t = useText();
  const [files, setFiles] = useState<StoredFile[]>([]);
  const [query, setQuery] = useState("");
  const ended = useRuns((state) => Object.values(state.jobs).filter((j) => j.finished).length);
  useEffect(() => {
    void api.files("output").then(
      (answer) => setFiles(answer.files.filter((f) => f.media_type.startsWith("image/"))),
      () => undefined,
    );
  }, [ended]);
  const found = search(query, files, ({ path }) => [{ text: path, weight: 1 }]);
  return (
    <>
      <input
        className="field"
        aria-label={t.search}
        placeholder={t.search}
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      {files.length === 0 && <p className="quiet">{t.resultsEmpty}</p>}
      <div className="gallery">
        {found.map((file, index) => (
          <button
            type="button"
            key={file.url}
            aria-label={file.path}
            title={file.path}
            onClick={() =>
              viewer.open(
                found.map((f) => ({ ...f, folder: "output" })),
                index,
              )
            }
          >
            <img src={fileUrl(file, 256)} alt={file.path} loading="lazy" />
          </button>
        ))}
      </div>
    </>
  );
}
