import { useId, useLayoutEffect, useRef, useState } from "react";
import { useText } from "@/language/text";
import { useModelNames } from "@/state/models";
import { changed } from "@/text/changed";
import { completed, type Wanted, wantedAt } from "@/text/completion";
import { search } from "@/text/fuzzy";
import { weigh } from "@/text/promptWeight";
import { CHUNK, chunksOf, roughTokens } from "@/text/tokens";

type Props = {
  value: string;
  label: string;
  rows?: number;
  onChange(value: string): void;
  onDone(): void;
};

const SHOWN = 8;

/**
 * Text of several lines. Ctrl+Up and Ctrl+Down change the weight of the selected words; names
 * after `embedding:` and `<lora:` are completed.
 */
export function PromptField({ value, label, rows = 3, onChange, onDone }: Props) {
  const t = useText();
  const area = useRef<HTMLTextAreaElement>(null);
  const next = useRef<[number, number] | undefined>(undefined);
  const [wanted, setWanted] = useState<Wanted>();
  const [chosen, setChosen] = useState(0);
  const list = useId();
  const names = useModelNames(wanted?.kind);
  const found = wanted
    ? search(wanted.typed, names, (name) => [{ text: name, weight: 1 }]).slice(0, SHOWN)
    : [];
  useLayoutEffect(() => {
    if (next.current) area.current?.setSelectionRange(...next.current);
    next.current = undefined;
  });

  /** Writes as if it were typed, so that the field's own undo knows of it. */
  function write(text: string, start: number, end: number): void {
    const field = area.current;
    if (!field) return;
    next.current = [start, end];
    const [from, to, middle] = changed(value, text);
    field.setSelectionRange(from, to);
    if (!document.execCommand(middle ? "insertText" : "delete", false, middle)) onChange(text);
    setWanted(undefined);
  }

  function look({ value: text, selectionStart }: HTMLTextAreaElement): void {
    setWanted(wantedAt(text, selectionStart));
    setChosen(0);
  }

  function pick(name: string): void {
    if (!wanted || !area.current) return;
    const { text, caret } = completed(value, area.current.selectionStart, wanted, name);
    write(text, caret, caret);
  }

  function onKey(event: React.KeyboardEvent<HTMLTextAreaElement>): void {
    const { key } = event;
    const steps = key === "ArrowUp" ? 1 : key === "ArrowDown" ? -1 : 0;
    const name = found[chosen];
    if ((event.ctrlKey || event.metaKey) && steps !== 0) {
      const { selectionStart: start, selectionEnd: end } = event.currentTarget;
      const weighed = weigh({ text: value, start, end }, steps);
      if (weighed.text !== value) write(weighed.text, weighed.start, weighed.end);
    } else if (name === undefined || event.ctrlKey || event.metaKey) return;
    else if (steps !== 0) setChosen((chosen - steps + found.length) % found.length);
    else if (key === "Enter" || key === "Tab") pick(name);
    else if (key === "Escape") setWanted(undefined);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  const count = roughTokens(value);
  const chunks = chunksOf(count);
  return (
    <span className="prompt">
      <textarea
        ref={area}
        className="field text nodrag nowheel nopan"
        aria-label={label}
        aria-autocomplete="list"
        aria-controls={found.length > 0 ? list : undefined}
        aria-activedescendant={found.length > 0 ? `${list}${chosen}` : undefined}
        rows={rows}
        spellCheck={false}
        value={value}
        onChange={(event) => {
          look(event.currentTarget);
          onChange(event.target.value);
        }}
        onClick={(event) => look(event.currentTarget)}
        onBlur={() => {
          setWanted(undefined);
          onDone();
        }}
        onKeyDown={onKey}
      />
      {count > 0 && (
        <span className={chunks > 1 ? "tokens over" : "tokens"} title={t.tokensHint(CHUNK)}>
          {chunks > 1 ? t.tokensIn(count, chunks) : t.tokensOf(count, CHUNK)}
        </span>
      )}
      {found.length > 0 && (
        <ul id={list} className="completion" role="listbox" aria-label={label}>
          {found.map((name, index) => (
            <li
              key={name}
              id={`${list}${index}`}
              role="option"
              aria-selected={index === chosen}
              className={index === chosen ? "chosen" : undefined}
              onPointerDown={(event) => {
                event.preventDefault();
                pick(name);
              }}
            >
              {name}
            </li>
          ))}
        </ul>
      )}
    </span>
  );
}
