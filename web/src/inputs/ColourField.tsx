import { Suspense, useCallback, useState } from "react";
import { later } from "@/api/parts";
import type { Json } from "@/document/workflow";
import { useText } from "@/language/text";
import { hexOf, readColour } from "@/text/colour";

const ColourPicker = later(() => import("@/inputs/ColourPicker"));

type Props = {
  value: Json;
  label: string;
  onChange(value: Json): void;
  onDone(): void;
};

/** A colour: its swatch opens a picker, beside it its hexadecimal digits can be typed. */
export function ColourField({ value, label, onChange, onDone }: Props) {
  const t = useText();
  const [draft, setDraft] = useState<string>();
  const [at, setAt] = useState<DOMRect>();
  const asText = typeof value === "string";
  const colour = (asText ? readColour(value) : Number(value ?? 0)) ?? 0;
  const hex = hexOf(colour);
  const put = (next: number) => onChange(asText ? hexOf(next) : next);
  const typed = draft === undefined ? colour : readColour(draft);
  const close = useCallback(() => {
    setAt(undefined);
    onDone();
  }, [onDone]);

  function commit(): void {
    if (draft !== undefined && typed !== undefined && typed !== colour) put(typed);
    setDraft(undefined);
    onDone();
  }

  return (
    <span className="colour">
      <button
        type="button"
        className="swatch nodrag"
        style={{ background: hexOf(typed ?? colour) }}
        aria-label={`${label}: ${t.pickColour}, ${hex}`}
        aria-haspopup="dialog"
        aria-expanded={at !== undefined}
        title={t.pickColour}
        onClick={(event) => setAt(event.currentTarget.getBoundingClientRect())}
      />
      <input
        className="field hex nodrag"
        aria-label={label}
        aria-invalid={typed === undefined}
        title={typed === undefined ? t.colourHint : undefined}
        value={draft ?? hex}
        spellCheck={false}
        onFocus={(event) => event.currentTarget.select()}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === "Enter") commit();
          else if (event.key === "Escape") setDraft(undefined);
        }}
      />
      {at && (
        <Suspense>
          <ColourPicker colour={colour} label={label} at={at} onChange={put} onClose={close} />
        </Suspense>
      )}
    </span>
  );
}
