import { useEffect, useRef, useState } from "react";
import { fileUrl } from "@/api/client";
import type { StoredFile } from "@/api/shapes";
import { openBlob } from "@/commands/files";
import { useText } from "@/language/text";
import { Facts } from "@/results/Facts";
import { useViewer, viewer } from "@/results/viewer";
import { run } from "@/run/submit";
import { closeDialog } from "@/shell/Dialog";
import { Icon } from "@/shell/Icon";
import { Tool } from "@/shell/Tool";

/** Pictures in full size: one, two beside each other, or two under a slider. */
export default function Viewer() {
  const t = useText();
  const frame = useRef<HTMLDivElement>(null);
  const { files, at, against, mode } = useViewer();
  const [facts, setFacts] = useState(false);
  const file = files[at];
  useEffect(() => {
    const before = useViewer.getState().from as HTMLElement | null;
    frame.current?.focus();
    const onKey = (event: KeyboardEvent) => {
      const onSlider = event.target instanceof HTMLInputElement;
      if (event.key === "Escape") viewer.close();
      else if (event.key === "ArrowRight" && !onSlider) viewer.move(1);
      else if (event.key === "ArrowLeft" && !onSlider) viewer.move(-1);
      else if (event.key === "i") setFacts((on) => !on);
      else if (event.key === "f") void fullScreen();
      else return;
      event.preventDefault();
      // A dialog below hears nothing of it.
      event.stopPropagation();
    };
    window.addEventListener("keydown", onKey, true);
    return () => {
      window.removeEventListener("keydown", onKey, true);
      before?.focus?.();
    };
  }, []);

  async function fullScreen(): Promise<void> {
    if (document.fullscreenElement) await document.exitFullscreen();
    else await frame.current?.requestFullscreen();
  }

  if (!file) return null;
  const other = mode === "one" ? undefined : files[against];

  async function openIt(): Promise<boolean> {
    const blob = await (await fetch(file?.url ?? "")).blob();
    viewer.close();
    const picture = new File([blob], file?.path ?? "picture", { type: blob.type });
    const opened = await openBlob(picture);
    // It may have been opened from a dialog, which would lie over its workflow.
    if (opened) closeDialog();
    return opened;
  }

  async function makeAgain(): Promise<void> {
    if (await openIt()) await run();
  }

  return (
    <div
      ref={frame}
      className="veil viewer"
      role="dialog"
      aria-modal="true"
      aria-label={file.path}
      tabIndex={-1}
    >
      <header>
        <b>{file.path}</b>
        <span className="quiet">
          {at + 1} / {files.length}
        </span>
        <span className="grow" />
        <button type="button" className="button" onClick={() => void openIt()}>
          {t.openWorkflow}
        </button>
        <button type="button" className="button" onClick={() => void makeAgain()}>
          {t.makeAgain}
        </button>
        {files.length > 1 && (
          <>
            <Tool
              icon="compare"
              label={t.slider}
              pressed={mode === "slider"}
              onClick={() => viewer.compare("slider")}
            />
            <Tool
              icon="beside"
              label={t.sideBySide}
              pressed={mode === "side"}
              onClick={() => viewer.compare("side")}
            />
          </>
        )}
        <Tool
          icon="facts"
          label={t.facts}
          keys="I"
          pressed={facts}
          onClick={() => setFacts(!facts)}
        />
        <Tool icon="fit" label={t.fullscreen} keys="F" onClick={() => void fullScreen()} />
        <a
          className="tool"
          href={`${file.url}?download=1`}
          download
          aria-label={t.download}
          title={t.download}
        >
          <Icon name="down" />
        </a>
        <Tool icon="close" label={t.close} keys="Esc" onClick={viewer.close} />
      </header>
      <div className="viewer-stage">
        {files.length > 1 && (
          <Tool icon="left" label={t.previous} keys="←" onClick={() => viewer.move(-1)} />
        )}
        {mode === "slider" && other ? (
          <Slider under={file} over={other} />
        ) : (
          <figure>
            <img src={fileUrl(file)} alt={file.path} />
            {other && <figcaption>{file.path}</figcaption>}
          </figure>
        )}
        {mode === "side" && other && (
          <figure>
            <img src={fileUrl(other)} alt={other.path} />
            <figcaption>{other.path}</figcaption>
          </figure>
        )}
        {files.length > 1 && (
          <Tool icon="right" label={t.next} keys="→" onClick={() => viewer.move(1)} />
        )}
        {facts && <Facts file={file} />}
      </div>
      {other && files.length > 2 && <Others />}
    </div>
  );
}

function Slider({ under, over }: { under: StoredFile; over: StoredFile }) {
  const t = useText();
  const [split, setSplit] = useState(50);
  return (
    <figure className="slider">
      <img src={fileUrl(under)} alt={under.path} />
      <img
        className="over"
        src={fileUrl(over)}
        alt={over.path}
        style={{ clipPath: `inset(0 0 0 ${split}%)` }}
      />
      <i className="split" style={{ left: `${split}%` }} />
      <input
        type="range"
        aria-label={t.slider}
        min={0}
        max={100}
        step={0.5}
        value={split}
        onChange={(event) => setSplit(+event.target.value)}
      />
      <figcaption>
        <span>{under.path}</span>
        <span>{over.path}</span>
      </figcaption>
    </figure>
  );
}

/** Which picture is compared with. */
function Others() {
  const t = useText();
  const { files, at, against } = useViewer();
  return (
    <nav className="viewer-others" aria-label={t.compareWith}>
      {files.map(
        (file, index) =>
          index !== at && (
            <button
              type="button"
              key={file.url}
              aria-label={`${t.compareWith} ${file.path}`}
              aria-pressed={index === against}
              onClick={() => viewer.against(index)}
            >
              <img src={fileUrl(file, 128)} alt="" loading="lazy" />
            </button>
          ),
      )}
    </nav>
  );
}
