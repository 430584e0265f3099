import { Fragment, useEffect, useState } from "react";
import { COMMANDS, type Command, command } from "@/commands/commands";
import { chord } from "@/commands/keys";
import {
  commandOf,
  isIncomplete,
  isNeeded,
  keysOf,
  restored,
  withChord,
} from "@/commands/shortcuts";
import { useText } from "@/language/text";
import { Dialog } from "@/shell/Dialog";
import { Tool } from "@/shell/Tool";
import { useSettings } from "@/state/settings";

/** All commands with their keys, which can be changed. */
export default function ShortcutsDialog() {
  const t = useText();
  const { keys, set } = useSettings();
  const [asked, setAsked] = useState<string>();
  const [last, setLast] = useState<string>();
  const done = (id: string) => {
    setAsked(undefined);
    setLast(id);
  };
  return (
    <Dialog title={t.shortcuts} size="wide">
      <p className="shortcuts-hint">
        <span className="quiet">{t.shortcutsHint}</span>
        {Object.keys(keys).length > 0 && (
          <button type="button" className="button small" onClick={() => set({ keys: {} })}>
            {t.resetAll}
          </button>
        )}
      </p>
      <ul className="shortcuts">
        {COMMANDS.map((entry) =>
          entry.id === asked ? (
            <Asking key={entry.id} entry={entry} onDone={() => done(entry.id)} />
          ) : (
            <Shown
              key={entry.id}
              entry={entry}
              focused={entry.id === last}
              onAsk={() => setAsked(entry.id)}
            />
          ),
        )}
      </ul>
    </Dialog>
  );
}

type ShownProps = { entry: Command; focused: boolean; onAsk(): void };

function Shown({ entry, focused, onAsk }: ShownProps) {
  const t = useText();
  const { keys: chosen, set } = useSettings();
  const keys = keysOf(entry, chosen);
  const word = t[entry.word];
  return (
    <li>
      <span>{word}</span>
      {chosen[entry.id] && (
        <Tool
          icon="undo"
          label={`${t.reset}: ${word}`}
          onClick={() => set({ keys: restored(COMMANDS, chosen, entry) })}
        />
      )}
      <button
        type="button"
        className="shortcut-keys"
        aria-label={`${t.changeKeys}: ${word}, ${keys.join(" ") || t.none}`}
        // biome-ignore lint/a11y/noAutofocus: the focus comes back to where it was
        autoFocus={focused}
        onClick={onAsk}
      >
        {keys.length === 0 && "—"}
        {keys.map((key, index) => (
          <Fragment key={key}>
            {index > 0 && " "}
            <kbd>{key}</kbd>
          </Fragment>
        ))}
      </button>
    </li>
  );
}

/** Waits for the next keys; those of another command are taken only after a word about it. */
function Asking({ entry, onDone }: { entry: Command; onDone(): void }) {
  const t = useText();
  const { keys: chosen, set } = useSettings();
  const [pressed, setPressed] = useState<string>();
  const holder = pressed === undefined ? undefined : commandOf(COMMANDS, chosen, pressed);
  const take = (keys: string) => {
    set({ keys: withChord(COMMANDS, chosen, entry.id, keys) });
    onDone();
  };
  useEffect(() => {
    if (holder) return;
    const onKey = (event: KeyboardEvent) => {
      event.preventDefault();
      event.stopPropagation();
      if (event.key === "Escape") onDone();
      else if (!isIncomplete(event.key)) {
        const keys = chord(event);
        const other = commandOf(COMMANDS, chosen, keys);
        if (isNeeded(keys) || (other && other.id !== entry.id)) setPressed(keys);
        else take(keys);
      }
    };
    window.addEventListener("keydown", onKey, true);
    return () => window.removeEventListener("keydown", onKey, true);
  });
  const name = holder && command(holder.id);
  return (
    <li className="asking">
      <span>{t[entry.word]}</span>
      {pressed !== undefined && name ? (
        <>
          <em role="alert">{t.keysTaken(pressed, t[name.word])}</em>
          <button
            type="button"
            className="button small"
            // biome-ignore lint/a11y/noAutofocus: the question is about the keys just pressed
            autoFocus
            onClick={() => take(pressed)}
          >
            {t.takeKeys}
          </button>
        </>
      ) : (
        <em role="status">{pressed === undefined ? t.pressKeys : t.keysNeeded(pressed)}</em>
      )}
      <button type="button" className="button small" onClick={onDone}>
        {t.leaveKeys}
      </button>
    </li>
  );
}
