import { useLayoutEffect, useRef } from "react";
import { useText } from "@/language/text";
import { weigh } from "@/text/promptWeight";

type Props = {
  value: string;
  label: string;
  rows?: number;
  onChange(value: string): void;
  onDone(): void;
};

/** Words and marks as CLIP's tokenizer would roughly split them. */
export function roughTokens(text: string): number {
  return text.replace(/\(|\)|:[\d.]+/g, " ").match(/[\p{L}]{1,7}|\d|[^\s\p{L}\d]+/gu)?.length ?? 0;
}

/** Text of several lines; Ctrl+Up and Ctrl+Down change the weight of the selected words. */
export function PromptField({ value, label, rows = 3, onChange, onDone }: Props) {
  const t = useText();
  const area = useRef<HTMLTextAreaElement>(null);
  const wanted = useRef<[number, number] | undefined>(undefined);
  useLayoutEffect(() => {
    if (wanted.current) area.current?.setSelectionRange(...wanted.current);
    wanted.current = undefined;
  });
  const count = roughTokens(value);
  return (
    <span className="prompt">
      <textarea
        ref={area}
        className="field text nodrag nowheel nopan"
        aria-label={label}
        rows={rows}
        spellCheck={false}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onBlur={onDone}
        onKeyDown={(event) => {
          const steps = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
          if (!(event.ctrlKey || event.metaKey) || steps === 0) return;
          event.preventDefault();
          const { selectionStart: start, selectionEnd: end } = event.currentTarget;
          const next = weigh({ text: value, start, end }, steps);
          wanted.current = [next.start, next.end];
          onChange(next.text);
        }}
      />
      {count > 0 && (
        <span className={count > 75 ? "tokens over" : "tokens"} title={t.tokens(count)}>
          {count}
        </span>
      )}
    </span>
  );
}
