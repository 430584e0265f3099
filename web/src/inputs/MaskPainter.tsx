import { useCallback, useEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { encodePng } from "@/inputs/png";
import { useText } from "@/language/text";
import { Tool } from "@/shell/Tool";

type Props = { source: string; onDone(picture: Blob): void; onClose(): void };

const HISTORY = 50;

function pixelsOf(
  width: number,
  height: number,
  draw: (context: CanvasRenderingContext2D) => void,
): Uint8ClampedArray {
  const sheet = document.createElement("canvas");
  [sheet.width, sheet.height] = [width, height];
  const context = sheet.getContext("2d");
  if (!context) return new Uint8ClampedArray(width * height * 4);
  draw(context);
  return context.getImageData(0, 0, width, height).data;
}

/** Paints what shall be made anew. The mask becomes the picture's transparent part. */
export default function MaskPainter({ source, onDone, onClose }: Props) {
  const t = useText();
  const canvas = useRef<HTMLCanvasElement>(null);
  const picture = useRef<HTMLImageElement>(null);
  const last = useRef<[number, number] | undefined>(undefined);
  const past = useRef<ImageData[]>([]);
  const [size, setSize] = useState(24);
  const [feather, setFeather] = useState(0);
  const [erase, setErase] = useState(false);

  const context = () => canvas.current?.getContext("2d", { willReadFrequently: true });
  const keep = useCallback(() => {
    const c = canvas.current;
    const image = context()?.getImageData(0, 0, c?.width ?? 1, c?.height ?? 1);
    if (image) past.current = [...past.current.slice(1 - HISTORY), image];
  }, []);
  const undo = useCallback(() => {
    const image = past.current.pop();
    if (image) context()?.putImageData(image, 0, 0);
  }, []);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape") onClose();
      else if (event.key === "[") setSize((s) => Math.max(2, Math.round(s * 0.8)));
      else if (event.key === "]") setSize((s) => Math.min(400, Math.round(s * 1.25)));
      else if (event.key.toLowerCase() === "x") setErase((on) => !on);
      else if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) undo();
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    window.addEventListener("keydown", onKey, true);
    return () => window.removeEventListener("keydown", onKey, true);
  }, [onClose, undo]);

  function place(event: React.PointerEvent): [number, number] {
    const c = event.currentTarget as HTMLCanvasElement;
    const box = c.getBoundingClientRect();
    const scale = c.width / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  }
  function stroke(event: React.PointerEvent): void {
    const c = context();
    const from = last.current;
    if (!c || !from) return;
    const to = place(event);
    c.globalCompositeOperation = erase ? "destination-out" : "source-over";
    c.strokeStyle = "#fff";
    c.lineCap = "round";
    c.lineWidth = size;
    c.beginPath();
    c.moveTo(...from);
    c.lineTo(to[0] + 0.01, to[1]);
    c.stroke();
    last.current = to;
  }
  function fill(): void {
    keep();
    const c = context();
    if (!c) return;
    c.globalCompositeOperation = "source-over";
    c.fillStyle = "#fff";
    c.fillRect(0, 0, c.canvas.width, c.canvas.height);
  }
  function clear(): void {
    keep();
    const c = context();
    c?.clearRect(0, 0, c.canvas.width, c.canvas.height);
  }
  async function done(): Promise<void> {
    const image = picture.current;
    const mask = canvas.current;
    if (!image || !mask) return;
    const { width, height } = mask;
    const pixels = pixelsOf(width, height, (c) => c.drawImage(image, 0, 0, width, height));
    const masked = pixelsOf(width, height, (c) => {
      c.filter = feather > 0 ? `blur(${feather}px)` : "none";
      c.drawImage(mask, 0, 0);
    });
    for (let i = 3; i < pixels.length; i += 4) pixels[i] = 255 - (masked[i] ?? 0);
    onDone(await encodePng(pixels, width, height));
  }

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
            icon="close"
            label={t.eraser}
            keys="X"
            pressed={erase}
            onClick={() => setErase(true)}
          />
          <Tool icon="undo" label={t.undo} keys="Ctrl+Z" onClick={undo} />
          <button type="button" className="button" onClick={fill}>
            {t.fill}
          </button>
          <button type="button" className="button" onClick={clear}>
            {t.clear}
          </button>
          <label>
            {t.size} <kbd>[</kbd> <kbd>]</kbd>
            <input
              type="range"
              min={2}
              max={400}
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
          <button type="button" className="button" onClick={onClose}>
            {t.close}
          </button>
          <button type="button" className="button primary" onClick={() => void done()}>
            {t.apply}
          </button>
        </div>
        <div className="painter-stage">
          <img
            ref={picture}
            src={source}
            alt=""
            onLoad={(event) => {
              const { naturalWidth, naturalHeight } = event.currentTarget;
              if (canvas.current) {
                canvas.current.width = naturalWidth;
                canvas.current.height = naturalHeight;
              }
            }}
          />
          <canvas
            ref={canvas}
            aria-label={t.paintMask}
            onPointerDown={(event) => {
              keep();
              event.currentTarget.setPointerCapture(event.pointerId);
              last.current = place(event);
              stroke(event);
            }}
            onPointerMove={stroke}
            onPointerUp={() => {
              last.current = undefined;
            }}
          />
        </div>
      </div>
    </div>,
    document.body,
  );
}
