import { useEffect, useState } from "react";
import { fileUrl } from "@/api/client";
import { openBlob } from "@/commands/files";
import { useText } from "@/language/text";
import { useViewer, viewer } from "@/results/viewer";
import { Tool } from "@/shell/Tool";

/** Pictures in full size; two of them under a slider. */
export default function Viewer() {
  const t = useText();
  const { files, at, against } = useViewer();
  const [split, setSplit] = useState(50);
  const file = files[at];
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape") viewer.close();
      else if (event.key === "ArrowRight") viewer.move(1);
      else if (event.key === "ArrowLeft") viewer.move(-1);
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  if (!file) return null;
  const other = against === undefined ? undefined : files[against];

  async function openIt(): Promise<void> {
    const blob = await (await fetch(file?.url ?? "")).blob();
    viewer.close();
    await openBlob(new File([blob], file?.path ?? "picture", { type: blob.type }));
  }

  return (
    <div className="veil viewer" role="dialog" aria-modal="true" aria-label={file.path}>
      <header>
        <b>{file.path}</b>
        <span className="quiet">
          {at + 1} / {files.length}
        </span>
        <span className="grow" />
        <button type="button" className="button" onClick={() => void openIt()}>
          {t.openWorkflow}
        </button>
        {files.length > 1 && (
          <Tool
            icon="compare"
            label={t.compare}
            pressed={other !== undefined}
            onClick={() => viewer.compare(other ? undefined : (at + 1) % files.length)}
          />
        )}
        <a className="tool" href={`${file.url}?download=1`} download aria-label={t.download}>
          ↓
        </a>
        <Tool icon="close" label={t.close} keys="Esc" onClick={viewer.close} />
      </header>
      <div className="viewer-stage">
        {files.length > 1 && (
          <Tool icon="left" label={t.previous} keys="←" onClick={() => viewer.move(-1)} />
        )}
        <figure>
          <img src={fileUrl(file)} alt={file.path} />
          {other && (
            <>
              <img
                className="over"
                src={fileUrl(other)}
                alt={other.path}
                style={{ clipPath: `inset(0 0 0 ${split}%)` }}
              />
              <input
                type="range"
                aria-label={t.compare}
                min={0}
                max={100}
                value={split}
                onChange={(event) => setSplit(+event.target.value)}
              />
            </>
          )}
        </figure>
        {files.length > 1 && (
          <Tool icon="right" label={t.next} keys="→" onClick={() => viewer.move(1)} />
        )}
      </div>
    </div>
  );
}
