import { useEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { SIDES } from "@/area/box";
import { Stage } from "@/area/Stage";
import { useArea } from "@/area/useArea";
import { Field } from "@/inputs/Field";
import { useText } from "@/language/text";
import { Tool } from "@/shell/Tool";
import { useTabs } from "@/state/tabs";

/** The boxes of a picture large, one of them to be changed; a click on another takes that one. */
export default function AreaDialog({ node, onClose }: { node: string; onClose(): void }) {
  const t = useText();
  const [chosen, setChosen] = useState(node);
  const area = useArea(chosen);
  const frame = useRef<HTMLDivElement>(null);
  const gone = !area;
  useEffect(() => {
    if (gone) onClose();
  }, [gone, onClose]);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    frame.current?.focus();
    return () => before?.focus();
  }, []);
  if (!area) return null;
  const { spec, box, whole, made, change, done } = area;
  const { undo, redo } = useTabs.getState();

  function onKey(event: React.KeyboardEvent): void {
    const held = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    // What is typed here is not for the canvas below.
    event.stopPropagation();
    if (event.key === "Escape") onClose();
    else if (held && (key === "y" || (key === "z" && event.shiftKey))) redo();
    else if (held && key === "z") undo();
    else return;
    event.preventDefault();
  }
  return createPortal(
    <div
      className="veil"
      onKeyDown={onKey}
      onPointerDown={(event) => {
        event.stopPropagation();
        if (event.target === event.currentTarget) onClose();
      }}
    >
      <div
        ref={frame}
        className="area-window"
        role="dialog"
        aria-modal="true"
        aria-label={`${chosen}: ${t.area}`}
        tabIndex={-1}
      >
        <header>
          <h2>{chosen}</h2>
          <span className="quiet">{whole.pixels ? t.areaOn(whole.pixels) : t.areaUnknown}</span>
          <span className="grow" />
          <Tool icon="undo" label={t.undo} keys="Ctrl+Z" onClick={undo} />
          <Tool icon="redo" label={t.redo} keys="Ctrl+Y" onClick={redo} />
          <Tool icon="close" label={t.close} keys="Esc" onClick={onClose} />
        </header>
        <div className="area-ground">
          <Stage
            key={chosen}
            spec={spec}
            box={box}
            whole={whole}
            made={made}
            label={chosen}
            onChange={(next) => change(box, next)}
            onDone={done}
            onPick={setChosen}
          />
        </div>
        <footer>
          {SIDES.map((side) => (
            <span key={side}>
              {side}
              <Field
                node={chosen}
                spec={spec[side]}
                value={box[side]}
                label={`${chosen} ${side}`}
              />
            </span>
          ))}
          <p className="quiet">{whole.others.length > 0 ? t.areaOthers : t.areaKeys}</p>
        </footer>
      </div>
    </div>,
    document.body,
  );
}
