import { useEffect, useRef, useState } from "react";
import { useText } from "@/language/text";
import { evaluate, fit, misfit, show } from "@/text/arithmetic";
import { digitsOf } from "@/text/seeds";
import type { InputType } from "@/types/nodeType";

type Props = {
  spec: InputType;
  /** Digits in text where a number would round them; also a text that is none. */
  value: number | string;
  label: string;
  onChange(value: number | string): void;
  onDone(): void;
};

const NOTED = 6000;

/** Drag sideways to change (Shift fine, Ctrl coarse), click to type; arithmetic is worked out. */
export function NumberField({ spec, value: written, label, onChange, onDone }: Props) {
  const value = Number.isNaN(Number(written)) ? (spec.min ?? 0) : Number(written);
  const [draft, setDraft] = useState<string>();
  const drag = useRef<{ x: number; value: number; moved: boolean } | undefined>(undefined);
  const whole = spec.type === "INT";
  const step = spec.step ?? (whole ? 1 : 0.01);
  const put = (next: number) => onChange(fit(next, spec, whole));
  const t = useText();
  const [note, setNote] = useState<string>();
  useEffect(() => {
    if (note === undefined) return;
    const timer = setTimeout(() => setNote(undefined), NOTED);
    return () => clearTimeout(timer);
  }, [note]);

  /** What the person wanted, or the nearest to it and why. */
  function putNearest(wanted: number): void {
    const why = misfit(wanted, spec, whole);
    setNote(
      why === "min"
        ? t.atLeast(String(spec.min))
        : why === "max"
          ? t.atMost(String(spec.max))
          : why && t.wholeOnly,
    );
    // A bound beyond 2^53 is digits, which a number would round to what is beyond it.
    if (why === "max" && typeof spec.max === "string") onChange(spec.max);
    else put(wanted);
  }
  const filled =
    spec.min !== undefined && spec.max !== undefined && spec.max - spec.min <= 200
      ? (value - spec.min) / (spec.max - spec.min)
      : undefined;

  function commit(text: string): void {
    const number = evaluate(text);
    const digits = whole ? digitsOf(text, spec) : undefined;
    if (digits !== undefined) onChange(digits);
    else if (number !== undefined) putNearest(number);
    else if (text.trim()) setNote(t.noNumber(text.trim()));
    setDraft(undefined);
    onDone();
  }

  return (
    <>
      <input
        className="field number nodrag"
        aria-label={label}
        role="spinbutton"
        data-draft={draft}
        aria-valuenow={value}
        aria-valuemin={spec.min}
        aria-valuemax={spec.max !== undefined && spec.max < 2 ** 53 ? spec.max : undefined}
        inputMode={(spec.min ?? -1) < 0 ? "text" : "decimal"}
        style={filled === undefined ? undefined : { backgroundSize: `${filled * 100}% 100%` }}
        aria-invalid={draft?.trim() && evaluate(draft) === undefined ? true : undefined}
        value={draft ?? (typeof written === "string" ? written : show(value))}
        onChange={(event) => {
          setNote(undefined);
          setDraft(event.target.value);
        }}
        onBlur={(event) => draft !== undefined && commit(event.target.value)}
        onKeyDown={(event) => {
          const big = event.ctrlKey ? 10 : event.shiftKey ? 0.1 : 1;
          if (event.key === "Enter") commit(event.currentTarget.value);
          else if (event.key === "Escape") setDraft(undefined);
          else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
            event.preventDefault();
            const base = evaluate(event.currentTarget.value) ?? value;
            const sign = event.key === "ArrowUp" ? 1 : -1;
            setDraft(undefined);
            putNearest(base + sign * (whole ? Math.max(1, step * big) : step * big));
          }
        }}
        onPointerDown={(event) => {
          if (event.button !== 0 || document.activeElement === event.currentTarget) return;
          event.preventDefault();
          event.currentTarget.setPointerCapture(event.pointerId);
          drag.current = { x: event.clientX, value, moved: false };
        }}
        onPointerMove={(event) => {
          const held = drag.current;
          if (!held) return;
          const distance = event.clientX - held.x;
          if (Math.abs(distance) > 3) held.moved = true;
          const scale = event.shiftKey ? 0.1 : event.ctrlKey ? 10 : 1;
          const steps = Math.round((distance * scale) / 4);
          if (held.moved) put(held.value + steps * step);
        }}
        onPointerCancel={() => {
          if (drag.current?.moved) onDone();
          drag.current = undefined;
        }}
        onPointerUp={(event) => {
          const held = drag.current;
          drag.current = undefined;
          if (held?.moved) onDone();
          else if (held) {
            event.currentTarget.focus();
            event.currentTarget.select();
          }
        }}
      />
      {note !== undefined && (
        <span className="number-note" role="status">
          {note}
        </span>
      )}
    </>
  );
}
