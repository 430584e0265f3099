import { useRef, useState } from "react";
import { fileUrl } from "@/api/client";
import {
  type AreaSpec,
  type Box,
  dragged,
  drawn,
  GRIPS,
  type Grip,
  type Size,
  shareOf,
} from "@/area/box";
import type { Other, Whole } from "@/area/whole";
import { inputUrl } from "@/inputs/PictureField";
import { useText } from "@/language/text";

type Props = {
  spec: AreaSpec;
  box: Box;
  whole: Whole;
  /** The address of a picture that was made with the box. */
  made: string | undefined;
  label: string;
  onChange(box: Box): void;
  /** The gesture is over; `undone`: as if it had not been. */
  onDone(undone: boolean): void;
  onPick?(node: string): void;
};

type Held = {
  grip: Grip | "draw";
  x: number;
  y: number;
  box: Box;
  size: Size;
  moved: boolean;
  /** The other box that it began on. */
  on: string | undefined;
};

const STILL = 3;

const placed = ({ x, y, width, height }: Box): React.CSSProperties => ({
  left: `${x * 100}%`,
  top: `${y * 100}%`,
  width: `${width * 100}%`,
  height: `${height * 100}%`,
});

const same = (a: Box, b: Box) =>
  a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;

/**
 * The whole picture small, with a box on it that is dragged, resized by its handles, drawn anew on
 * empty ground, and moved by the arrow keys.
 */
export function Stage({ spec, box, whole, made, label, onChange, onDone, onPick }: Props) {
  const t = useText();
  const stage = useRef<HTMLDivElement>(null);
  const held = useRef<Held | undefined>(undefined);
  // While a box is held on a picture of unknown size, that size must not follow it.
  const [still, setStill] = useState<Size>();
  const size = still ?? whole.size;

  const put = (next: Box) => {
    if (!same(next, box)) onChange(next);
  };
  function start(event: React.PointerEvent): void {
    if (event.button !== 0 || held.current) return;
    event.stopPropagation();
    event.preventDefault();
    stage.current?.setPointerCapture(event.pointerId);
    stage.current?.querySelector<HTMLElement>(".area-box")?.focus({ preventScroll: true });
    const { grip: found, node: on } =
      (event.target as Element).closest<HTMLElement>("[data-grip], [data-node]")?.dataset ?? {};
    const grip = (found ?? "draw") as Held["grip"];
    held.current = { grip, x: event.clientX, y: event.clientY, box, size, moved: false, on };
    setStill(size);
  }
  function move(event: React.PointerEvent): void {
    const now = held.current;
    const rect = stage.current?.getBoundingClientRect();
    if (!now || !rect) return;
    const [dx, dy] = [event.clientX - now.x, event.clientY - now.y];
    now.moved ||= Math.hypot(dx, dy) > STILL;
    if (!now.moved) return;
    const scale = { x: now.size.width / rect.width, y: now.size.height / rect.height };
    const room = whole.pixels || spec.parts ? now.size : { width: Infinity, height: Infinity };
    if (now.grip === "draw") {
      const from = { x: (now.x - rect.left) * scale.x, y: (now.y - rect.top) * scale.y };
      put(drawn(from, { x: from.x + dx * scale.x, y: from.y + dy * scale.y }, spec, room));
    } else {
      const by = { dx: dx * scale.x, dy: dy * scale.y };
      put(dragged(now.box, now.grip, by, spec, room, event.shiftKey));
    }
  }
  function end(undone: boolean): void {
    const now = held.current;
    if (!now) return;
    held.current = undefined;
    setStill(undefined);
    if (now.moved) onDone(undone);
    else if (now.on !== undefined) onPick?.(now.on);
  }
  function onKey(event: React.KeyboardEvent): void {
    if (event.key === "Escape" && held.current) end(true);
    else {
      const { key, shiftKey, ctrlKey, metaKey } = event;
      const many = ctrlKey || metaKey ? 8 : 1;
      const right = key === "ArrowRight" ? many : key === "ArrowLeft" ? -many : 0;
      const down = key === "ArrowDown" ? many : key === "ArrowUp" ? -many : 0;
      if (right === 0 && down === 0) return;
      const step = (of: "x" | "y" | "width" | "height") => spec[of].step || (spec.parts ? 0.01 : 1);
      const by = shiftKey
        ? { dx: right * step("width"), dy: down * step("height") }
        : { dx: right * step("x"), dy: down * step("y") };
      const room = whole.pixels || spec.parts ? size : { width: Infinity, height: Infinity };
      put(dragged(box, shiftKey ? "se" : "move", by, spec, room));
    }
    event.preventDefault();
    event.stopPropagation();
  }

  const style = {
    "--aspect": still && !spec.parts ? still.width / still.height : whole.aspect,
  } as React.CSSProperties;
  return (
    <div
      ref={stage}
      className={[
        "area-stage nodrag nopan",
        !whole.pixels && !spec.parts && "unknown",
        still && "held",
      ]
        .filter(Boolean)
        .join(" ")}
      style={style}
      onPointerDown={start}
      onPointerMove={move}
      onPointerUp={() => end(false)}
      onPointerCancel={() => end(false)}
      onLostPointerCapture={() => end(false)}
    >
      {whole.picture !== undefined ? (
        <>
          <img src={`${inputUrl(whole.picture)}?thumbnail=512`} alt="" draggable={false} />
          <div className="area-shade">
            <div style={placed(shareOf(box, size))} />
          </div>
        </>
      ) : (
        made !== undefined && <Made address={made} aspect={whole.aspect} key={made} />
      )}
      {whole.others.map((other) => (
        <OtherBox key={other.node} other={other} onPick={onPick} />
      ))}
      <div
        className="area-box"
        data-grip="move"
        role="slider"
        tabIndex={0}
        aria-label={`${label}: ${t.area}`}
        aria-roledescription={t.area}
        aria-valuenow={box.x}
        aria-valuetext={t.areaAt(box)}
        aria-description={t.areaKeys}
        style={placed(shareOf(box, size))}
        onKeyDown={onKey}
        onKeyUp={(event) => event.key.startsWith("Arrow") && onDone(false)}
        onBlur={() => !held.current && onDone(false)}
      >
        <span className="area-label">{whole.label}</span>
        {GRIPS.map((grip) => (
          <i key={grip} data-grip={grip} className={`grip ${grip}`} />
        ))}
      </div>
    </div>
  );
}

/** What was made last, faint; not where it has another shape. */
function Made({ address, aspect }: { address: string; aspect: number }) {
  const [shape, setShape] = useState<number>();
  const fits = shape !== undefined && Math.abs(shape / aspect - 1) < 0.02;
  return (
    <img
      className={fits ? "made" : "made misfit"}
      src={fileUrl({ url: address }, 512)}
      alt=""
      draggable={false}
      onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
        setShape(naturalWidth / naturalHeight)
      }
    />
  );
}

function OtherBox({ other, onPick }: { other: Other; onPick: Props["onPick"] }) {
  const { label, share, node } = other;
  if (!onPick)
    return (
      <div className="area-other" style={placed(share)} title={label}>
        <span className="area-label">{label}</span>
      </div>
    );
  return (
    <button
      type="button"
      className="area-other"
      style={placed(share)}
      title={label}
      data-node={node}
      onClick={() => onPick(node)}
    >
      <span className="area-label">{label}</span>
    </button>
  );
}
