/** Keys to commands. */

import { COMMANDS, command } from "@/commands/commands";
import { commandOf, keysOf, writesNothing } from "@/commands/shortcuts";
import { useViewer } from "@/results/viewer";
import { usePanels } from "@/state/panels";
import { useSettings } from "@/state/settings";

/** `Ctrl+Shift+P` for what is pressed; the Mac's command key counts as Ctrl. */
export function chord(event: KeyboardEvent): string {
  const { key } = event;
  const name = key === " " ? "Space" : key.length === 1 ? key.toUpperCase() : key;
  const shifted = event.shiftKey && (key.length > 1 || /[a-z]/i.test(key));
  const dot = event.shiftKey && event.code === "Period";
  return [
    event.ctrlKey || event.metaKey ? "Ctrl+" : "",
    event.altKey ? "Alt+" : "",
    shifted || dot ? "Shift+" : "",
    dot ? "." : name,
  ].join("");
}

/** The first keys of each command, by its id. */
export function useKeys(): (id: string) => string | undefined {
  const chosen = useSettings((state) => state.keys);
  return (id) => {
    const found = command(id);
    return found && keysOf(found, chosen)[0];
  };
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.matches("input:not([type=checkbox]):not([type=range]), textarea, select") ||
      target.isContentEditable)
  );
}

/** A number that nobody is typing has no undo of its own. */
function isIdleNumber(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("[role=spinbutton]:not([data-draft])");
}

export function listenToKeys(): () => void {
  // Tab adds a node after a click on the canvas; until then, and after Escape, it moves the focus.
  let onCanvas = false;
  const onPointer = ({ target }: PointerEvent) => {
    onCanvas = target instanceof Element && target.classList.contains("react-flow__pane");
  };
  const onKey = (event: KeyboardEvent) => {
    if (usePanels.getState().dialog || useViewer.getState().files.length > 0) return;
    const pressed = chord(event);
    const found = commandOf(COMMANDS, useSettings.getState().keys, pressed);
    if (pressed === "Escape") onCanvas = false;
    if (!found) return;
    const undoes = found.id === "undo" || found.id === "redo";
    const typing = isTyping(event.target) && !(undoes && isIdleNumber(event.target));
    if (typing && !(found.typing && writesNothing(pressed))) return;
    if (pressed === "Tab" && !onCanvas) return;
    const copies = ["copy", "cut"].includes(found.id);
    if (copies && window.getSelection()?.toString()) return;
    event.preventDefault();
    found.run();
  };
  window.addEventListener("keydown", onKey);
  window.addEventListener("pointerdown", onPointer, true);
  return () => {
    window.removeEventListener("keydown", onKey);
    window.removeEventListener("pointerdown", onPointer, true);
  };
}
