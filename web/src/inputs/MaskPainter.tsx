import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { encodePng, type Pixels, readPixels } from "@/inputs/png";
import { useText } from "@/language/text";
import { Tool } from "@/shell/Tool";

type Props = { source: string; onDone(picture: Blob): void; onClose(): void };

const HISTORY = 50;
/** The mask's colour: seldom in pictures, and seen on light and dark ones. Only its alpha counts. */
const INK = [255, 40, 120] as const;

/** The transparent part of a picture as a mask. */
function maskOf({ data, width, height }: Pixels): ImageData {
  const mask = new ImageData(width, height);
  for (let i = 0; i < data.length; i += 4) mask.data.set([...INK, 255 - (data[i + 3] ?? 255)], i);
  return mask;
}

function opaque({ data, width, height }: Pixels): ImageData {
  const image = new ImageData(new Uint8ClampedArray(data), width, height);
  for (let i = 3; i < image.data.length; i += 4) image.data[i] = 255;
  return image;
}

/** The alpha of a mask with a soft edge of so many pixels. */
function softened(mask: HTMLCanvasElement, feather: number): Uint8ClampedArray {
  const sheet = document.createElement("canvas");
  [sheet.width, sheet.height] = [mask.width, mask.height];
  const context = sheet.getContext("2d");
  if (!context) return new Uint8ClampedArray(mask.width * mask.height * 4);
  context.filter = feather > 0 ? `blur(${feather}px)` : "none";
  context.drawImage(mask, 0, 0);
  return context.getImageData(0, 0, mask.width, mask.height).data;
}

/**
 * Paints what shall be made anew. The mask becomes the picture's transparent part, and what is
 * transparent already is the mask to begin with.
 */
export default function MaskPainter({ source, onDone, onClose }: Props) {
  const t = useText();
  const canvas = useRef<HTMLCanvasElement>(null);
  const base = useRef<HTMLCanvasElement>(null);
  const ring = useRef<HTMLElement>(null);
  const last = useRef<[number, number] | undefined>(undefined);
  const past = useRef<ImageData[]>([]);
  const future = useRef<ImageData[]>([]);
  const [pixels, setPixels] = useState<Pixels>();
  const [failed, setFailed] = useState(false);
  const [shown, setShown] = useState(1);
  const [size, setSize] = useState(24);
  const [feather, setFeather] = useState(0);
  const [erase, setErase] = useState(false);
  const [asking, setAsking] = useState(false);
  const largest = pixels ? Math.max(64, Math.round(Math.max(pixels.width, pixels.height) / 2)) : 64;

  const context = () => canvas.current?.getContext("2d", { willReadFrequently: true });
  const now = useCallback(() => {
    const c = canvas.current;
    return context()?.getImageData(0, 0, c?.width ?? 1, c?.height ?? 1);
  }, []);
  const keep = useCallback(() => {
    const image = now();
    if (image) past.current = [...past.current.slice(1 - HISTORY), image];
    future.current = [];
  }, [now]);
  const back = useCallback(
    (from: typeof past, to: typeof past) => {
      const image = from.current.pop();
      const before = now();
      if (!image || !before) return;
      to.current.push(before);
      context()?.putImageData(image, 0, 0);
    },
    [now],
  );

  const leave = useCallback(() => {
    if (past.current.length === 0) onClose();
    else setAsking((on) => !on);
  }, [onClose]);

  useEffect(() => {
    let gone = false;
    readPixels(source).then(
      (read) => !gone && setPixels(read),
      () => !gone && setFailed(true),
    );
    return () => {
      gone = true;
    };
  }, [source]);
  useEffect(() => {
    if (!pixels) return;
    base.current?.getContext("2d")?.putImageData(opaque(pixels), 0, 0);
    context()?.putImageData(maskOf(pixels), 0, 0);
    setSize(Math.max(4, Math.round(Math.max(pixels.width, pixels.height) / 20)));
  }, [pixels]);
  useEffect(() => {
    const sheet = canvas.current;
    if (!sheet || !pixels) return;
    const watch = new ResizeObserver(() => setShown(sheet.clientWidth / pixels.width));
    watch.observe(sheet);
    return () => watch.disconnect();
  }, [pixels]);
  // Before anything else sees that the painter is gone, it no longer takes the keys.
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      // No key means something to the graph below while this is open.
      event.stopPropagation();
      const held = event.ctrlKey || event.metaKey;
      const key = event.key.toLowerCase();
      if (key === "escape") leave();
      else if (asking) return;
      else if (key === "[") setSize((s) => Math.max(2, Math.round(s * 0.8)));
      else if (key === "]") setSize((s) => Math.min(largest, Math.round(s * 1.25)));
      else if (held && (key === "y" || (key === "z" && event.shiftKey))) back(future, past);
      else if (held && key === "z") back(past, future);
      else if (!held && key === "x") setErase((on) => !on);
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", onKey, true);
    return () => window.removeEventListener("keydown", onKey, true);
  }, [leave, asking, back, largest]);

  function place(event: React.PointerEvent): [number, number] {
    const c = event.currentTarget as HTMLCanvasElement;
    const box = c.getBoundingClientRect();
    return [
      ((event.clientX - box.left) * c.width) / box.width,
      ((event.clientY - box.top) * c.height) / box.height,
    ];
  }
  function stroke(event: React.PointerEvent): void {
    const at = place(event);
    const style = ring.current?.style;
    style?.setProperty("left", `${at[0] * shown}px`);
    style?.setProperty("top", `${at[1] * shown}px`);
    const c = context();
    const from = last.current;
    if (!c || !from || !event.isPrimary) return;
    c.globalCompositeOperation = erase ? "destination-out" : "source-over";
    c.strokeStyle = `rgb(${INK.join(" ")})`;
    c.lineCap = "round";
    c.lineWidth = size;
    c.beginPath();
    c.moveTo(...from);
    c.lineTo(at[0] + 0.01, at[1]);
    c.stroke();
    last.current = at;
  }
  /** Changes the whole mask by its alpha. */
  function all(change: (alpha: number) => number): void {
    const image = now();
    if (!image) return;
    keep();
    for (let i = 0; i < image.data.length; i += 4)
      image.data.set([...INK, change(image.data[i + 3] ?? 0)], i);
    context()?.putImageData(image, 0, 0);
  }
  async function done(): Promise<void> {
    const mask = canvas.current;
    if (!pixels || !mask) return;
    const hidden = softened(mask, feather);
    const data = new Uint8ClampedArray(pixels.data);
    for (let i = 3; i < data.length; i += 4) data[i] = 255 - (hidden[i] ?? 0);
    onDone(await encodePng(data, pixels.width, pixels.height));
  }
  const end = () => {
    last.current = undefined;
  };

  return createPortal(
    <div className="veil" role="dialog" aria-modal="true" aria-label={t.paintMask}>
      <div className="painter">
        <div className="painter-tools">
          <Tool
            icon="brush"
            label={t.brush}
            keys="X"
            pressed={!erase}
            onClick={() => setErase(false)}
          />
          <Tool
            icon="eraser"
            label={t.eraser}
            keys="X"
            pressed={erase}
            onClick={() => setErase(true)}
          />
          <Tool icon="undo" label={t.undo} keys="Ctrl+Z" onClick={() => back(past, future)} />
          <Tool icon="redo" label={t.redo} keys="Ctrl+Y" onClick={() => back(future, past)} />
          <button type="button" className="button" onClick={() => all(() => 255)}>
            {t.fill}
          </button>
          <button type="button" className="button" onClick={() => all((alpha) => 255 - alpha)}>
            {t.invert}
          </button>
          <button type="button" className="button" onClick={() => all(() => 0)}>
            {t.clear}
          </button>
          <label>
            {t.size} <kbd>[</kbd> <kbd>]</kbd>
            <input
              type="range"
              min={2}
              max={largest}
              value={size}
              onChange={(e) => setSize(+e.target.value)}
            />
          </label>
          <label>
            {t.feather}
            <input
              type="range"
              min={0}
              max={64}
              value={feather}
              onChange={(e) => setFeather(+e.target.value)}
            />
          </label>
          <span className="grow" />
          <button type="button" className="button" onClick={leave}>
            {t.close}
          </button>
          <button
            type="button"
            className="button primary"
            disabled={!pixels}
            onClick={() => void done()}
          >
            {t.apply}
          </button>
        </div>
        {asking && (
          <div className="painter-ask" role="alertdialog" aria-label={t.maskUnused}>
            <p>{t.maskUnused}</p>
            <button type="button" className="button" onClick={onClose}>
              {t.maskDrop}
            </button>
            <button
              type="button"
              // biome-ignore lint/a11y/noAutofocus: it answers a question that was just asked
              autoFocus
              className="button primary"
              onClick={() => setAsking(false)}
            >
              {t.maskGoOn}
            </button>
          </div>
        )}
        <div className="painter-stage">
          {failed && (
            <p className="wrong" role="alert">
              {t.pictureUnread}
            </p>
          )}
          {pixels && (
            <div
              className="painter-sheet"
              style={{ "--aspect": pixels.width / pixels.height } as React.CSSProperties}
            >
              <canvas ref={base} width={pixels.width} height={pixels.height} />
              <canvas
                ref={canvas}
                className="mask"
                width={pixels.width}
                height={pixels.height}
                style={{ filter: feather > 0 ? `blur(${feather * shown}px)` : undefined }}
                aria-label={t.paintMask}
                onPointerDown={(event) => {
                  if (event.button !== 0 || !event.isPrimary) return;
                  keep();
                  event.currentTarget.setPointerCapture(event.pointerId);
                  last.current = place(event);
                  stroke(event);
                }}
                onPointerMove={stroke}
                onPointerUp={end}
                onPointerCancel={end}
              />
              <i
                ref={ring}
                className="ring"
                style={{ width: size * shown, height: size * shown }}
              />
            </div>
          )}
        </div>
      </div>
    </div>,
    document.body,
  );
}
