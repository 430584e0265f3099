import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { useText } from "@/language/text";
import { Tool } from "@/shell/Tool";
import { fromHsv, type Hsv, hexOf, readColour, toHsv } from "@/text/colour";

type Props = {
  colour: number;
  label: string;
  /** Where the button that opened it is on the screen. */
  at: DOMRect;
  onChange(colour: number): void;
  onClose(): void;
};

type EyeDropper = { open(): Promise<{ sRGBHex: string }> };
declare global {
  interface Window {
    EyeDropper?: new () => EyeDropper;
  }
}

/** Named ones first to try; white to black last. */
const PALETTE = [
  0xe53935, 0xfb8c00, 0xfdd835, 0x43a047, 0x00acc1, 0x1e88e5, 0x5e35b1, 0xd81b60, 0x795548,
  0xffffff, 0xbdbdbd, 0x808080, 0x424242, 0x000000,
];
const WIDTH = 232;
const HEIGHT = 292;

const part = (from: number, to: number, at: number) => Math.min(Math.max((at - from) / to, 0), 1);

/** A field of saturation and value, a slider of hue, a few colours, and one from the screen. */
export default function ColourPicker({ colour, label, at, onChange, onClose }: Props) {
  const t = useText();
  const box = useRef<HTMLDivElement>(null);
  const plane = useRef<HTMLDivElement>(null);
  // What grey and black have no hue of is kept while they are passed.
  const [hsv, setHsv] = useState<Hsv>(() => toHsv(colour));
  useEffect(() => setHsv((now) => (fromHsv(now) === colour ? now : toHsv(colour))), [colour]);

  useLayoutEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    plane.current?.focus();
    return () => before?.focus();
  }, []);
  useEffect(() => {
    const away = ({ target }: PointerEvent) => {
      if (!box.current?.contains(target as Node)) onClose();
    };
    window.addEventListener("pointerdown", away, true);
    return () => window.removeEventListener("pointerdown", away, true);
  }, [onClose]);

  function put(change: Partial<Hsv>): void {
    const next = { ...hsv, ...change };
    setHsv(next);
    onChange(fromHsv(next));
  }
  function point(event: React.PointerEvent): void {
    if (event.buttons === 0) return;
    const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
    put({
      saturation: part(left, width, event.clientX),
      value: 1 - part(top, height, event.clientY),
    });
  }
  function onKey(event: React.KeyboardEvent): void {
    const step = event.shiftKey ? 10 : 1;
    const moved = (share: number, by: number) =>
      Math.min(Math.max(Math.round(share * 100) + by, 0), 100) / 100;
    const { saturation, value } = hsv;
    if (event.key === "ArrowLeft") put({ saturation: moved(saturation, -step) });
    else if (event.key === "ArrowRight") put({ saturation: moved(saturation, step) });
    else if (event.key === "ArrowUp") put({ value: moved(value, step) });
    else if (event.key === "ArrowDown") put({ value: moved(value, -step) });
    else return;
    event.preventDefault();
  }
  async function drop(): Promise<void> {
    // Escape ends the look-out for a colour with an error that says nothing more.
    const found = await new (window.EyeDropper as new () => EyeDropper)().open().catch(() => null);
    const picked = found && readColour(found.sRGBHex);
    if (typeof picked === "number") onChange(picked);
  }

  const below = at.bottom + HEIGHT + 8 < window.innerHeight;
  const style = {
    left: Math.max(8, Math.min(at.left, window.innerWidth - WIDTH - 8)),
    top: Math.max(8, below ? at.bottom + 4 : at.top - HEIGHT - 4),
    "--hue": `hsl(${hsv.hue} 100% 50%)`,
    "--colour": hexOf(fromHsv(hsv)),
  } as React.CSSProperties;
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  return createPortal(
    <div
      ref={box}
      className="colours"
      role="dialog"
      aria-label={`${label}: ${t.pickColour}`}
      style={style}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape" || event.key === "Enter") onClose();
      }}
    >
      <div
        ref={plane}
        className="colour-plane"
        role="slider"
        tabIndex={0}
        aria-label={t.shade}
        aria-valuenow={Math.round(hsv.saturation * 100)}
        aria-valuetext={`${t.saturation} ${percent(hsv.saturation)}, ${t.brightness} ${percent(hsv.value)}`}
        onKeyDown={onKey}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          point(event);
        }}
        onPointerMove={point}
      >
        <i style={{ left: `${hsv.saturation * 100}%`, top: `${(1 - hsv.value) * 100}%` }} />
      </div>
      <div className="colour-line">
        <input
          type="range"
          className="hue"
          min={0}
          max={359}
          aria-label={t.hue}
          value={Math.round(hsv.hue)}
          onChange={(event) => put({ hue: Number(event.target.value) })}
        />
        {window.EyeDropper && (
          <Tool icon="dropper" label={t.fromScreen} onClick={() => void drop()} />
        )}
      </div>
      <div className="colour-palette" role="group" aria-label={t.usualColours}>
        {PALETTE.map((one) => (
          <button
            type="button"
            key={one}
            className="swatch"
            style={{ background: hexOf(one) }}
            aria-label={hexOf(one)}
            aria-pressed={one === colour}
            onClick={() => onChange(one)}
          />
        ))}
      </div>
    </div>,
    document.body,
  );
}
