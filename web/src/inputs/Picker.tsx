import { useEffect, useMemo, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { useMessage } from "@/language/terms";
import { useText } from "@/language/text";
import { Icon } from "@/shell/Icon";
import { search } from "@/text/fuzzy";

export type Option = {
  id: string;
  label: string;
  detail?: string;
  hint?: string;
  also?: string;
  /** Words in small frames. */
  marks?: readonly string[];
  /** The address of a small picture; empty where others have one and this has none. */
  picture?: string;
  /** Can be picked, but should not be: it fades. */
  unfit?: boolean;
  /** Why it cannot be used. */
  trouble?: string;
  /** Points for what is wanted often. */
  rank?: number;
};

type Props = {
  options: readonly Option[];
  at: { x: number; y: number };
  label: string;
  wide?: boolean;
  current?: string | undefined;
  /** Why options that do not fit do not. */
  unfit?: string;
  /** What is said where there is nothing at all. */
  none?: string | undefined;
  onPick(id: string): void;
  onClose(): void;
};

function classOf({ picture, unfit, trouble }: Option, chosen: boolean): string {
  return [chosen && "chosen", (unfit || trouble) && "unfit", picture !== undefined && "pictured"]
    .filter(Boolean)
    .join(" ");
}

function Picture({ address }: { address: string }) {
  const [broken, setBroken] = useState(false);
  return (
    <span className="picker-picture">
      {address && !broken && (
        <img src={address} alt="" loading="lazy" onError={() => setBroken(true)} />
      )}
    </span>
  );
}

/** A list with a search field: node types, models, choices, commands. */
export function Picker({ options, at, label, wide, current, unfit, none, onPick, onClose }: Props) {
  const t = useText();
  const message = useMessage();
  const [query, setQuery] = useState("");
  const [chosenId, setChosenId] = useState(current);
  const [before] = useState(() => document.activeElement as HTMLElement | null);
  const list = useRef<HTMLUListElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const found = useMemo(
    () =>
      search(
        query,
        options,
        (option) => [
          { text: option.label, weight: 1 },
          { text: option.id, weight: 0.9 },
          { text: option.also ?? "", weight: 0.6 },
          { text: option.detail ?? "", weight: 0.3, whole: true },
        ],
        ({ rank = 0 }) => rank,
      ).slice(0, 80),
    [query, options],
  );
  // By its id: what is learned of the options while the list is open may put them elsewhere.
  const chosen = Math.max(
    0,
    found.findIndex(({ id }) => id === chosenId),
  );
  const choose = (index: number) => setChosenId(found[index]?.id);
  useEffect(() => {
    list.current?.children[chosen]?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  useEffect(() => {
    const away = (event: PointerEvent) => {
      if (!box.current?.contains(event.target as Node)) onClose();
    };
    window.addEventListener("pointerdown", away, true);
    return () => window.removeEventListener("pointerdown", away, true);
  }, [onClose]);
  useEffect(
    () => () => {
      if (document.activeElement === document.body) before?.focus({ preventScroll: true });
    },
    [before],
  );
  const width = Math.min(wide ? 420 : 260, window.innerWidth - 16);
  const left = Math.max(8, Math.min(at.x, window.innerWidth - width - 8));
  const top = Math.max(8, Math.min(at.y, window.innerHeight - 340));

  return createPortal(
    <div ref={box} className="picker" style={{ left, top, width }} role="dialog" aria-label={label}>
      <input
        // biome-ignore lint/a11y/noAutofocus: a picker is opened to type in
        autoFocus
        className="picker-search"
        role="combobox"
        aria-expanded="true"
        aria-controls="picker-list"
        aria-activedescendant={found[chosen] ? `option-${chosen}` : undefined}
        aria-label={label}
        placeholder={label}
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setChosenId(undefined);
        }}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === "Escape") onClose();
          else if (event.key === "Enter" && found[chosen]) onPick(found[chosen].id);
          else if (event.key === "ArrowDown") choose(Math.min(chosen + 1, found.length - 1));
          else if (event.key === "ArrowUp") choose(Math.max(chosen - 1, 0));
          else return;
          event.preventDefault();
        }}
      />
      <ul id="picker-list" ref={list} role="listbox" aria-label={label}>
        {found.map((option, index) => (
          <li
            key={option.id}
            id={`option-${index}`}
            role="option"
            aria-selected={index === chosen}
            className={classOf(option, index === chosen)}
            title={option.trouble ? message(option.trouble) : option.unfit ? unfit : undefined}
            onPointerMove={() => choose(index)}
            onPointerDown={(event) => {
              event.preventDefault();
              onPick(option.id);
            }}
          >
            {option.picture !== undefined && <Picture address={option.picture} />}
            <span className="picker-label">{option.label}</span>
            {option.marks && (
              <span className="picker-marks">
                {option.marks.map((mark) => (
                  <small key={mark}>{mark}</small>
                ))}
              </span>
            )}
            {option.trouble && (
              <span className="picker-detail trouble">
                <Icon name="warn" />
                {t.unusable(message(option.trouble))}
              </span>
            )}
            {option.hint && <span className="picker-hint">{option.hint}</span>}
            {option.detail && <span className="picker-detail">{option.detail}</span>}
          </li>
        ))}
      </ul>
      {found.length === 0 && (
        <p className="picker-none quiet">{(options.length === 0 && none) || t.nothingFound}</p>
      )}
    </div>,
    document.body,
  );
}
