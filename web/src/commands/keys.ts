/** Keys to commands. */

import { listenToClipboard, pastesLinks } from "@/commands/clipboardEvents";
import { COMMANDS, command } from "@/commands/commands";
import { commandOf, keysOf, writesNothing } from "@/commands/shortcuts";
import { isTyping } from "@/commands/typing";
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

/** A number that nobody is typing has no undo of its own. */
function isIdleNumber(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("[role=spinbutton]:not([data-draft])");
}

/** A dialog or a picture lies over the page. */
function isCovered(): boolean {
  return usePanels.getState().dialog !== undefined || useViewer.getState().files.length > 0;
}

/** Nobody types, and the page is not covered. */
function isFree({ target }: Event): boolean {
  return !isTyping(target) && !isCovered();
}

const OF_CLIPBOARD = new Set(["Ctrl+C", "Ctrl+X", "Ctrl+V", "Ctrl+Shift+V"]);

export function listenToKeys(): () => void {
  // Tab adds a node after a click on the canvas; until then, and after Escape, it moves the focus.
  let onCanvas = false;
  const onPointer = ({ target }: PointerEvent) => {
    onCanvas = target instanceof Element && target.classList.contains("react-flow__pane");
  };
  const onKey = (event: KeyboardEvent) => {
    if (isCovered()) return;
    const pressed = chord(event);
    const found = commandOf(COMMANDS, useSettings.getState().keys, pressed);
    if (pressed === "Escape") onCanvas = false;
    if (!found) return;
    const undoes = found.id === "undo" || found.id === "redo";
    const typing = isTyping(event.target) && !(undoes && isIdleNumber(event.target));
    if (typing && !(found.typing && writesNothing(pressed))) return;
    if (pressed === "Tab" && !onCanvas) return;
    // The browser's own events for these keys reach the clipboard without asking for leave.
    if (OF_CLIPBOARD.has(pressed) && ["copy", "cut", "paste", "paste-linked"].includes(found.id)) {
      pastesLinks(found.id === "paste-linked");
      return;
    }
    event.preventDefault();
    found.run();
  };
  window.addEventListener("keydown", onKey);
  window.addEventListener("pointerdown", onPointer, true);
  const quiet = listenToClipboard(isFree);
  return () => {
    quiet();
    window.removeEventListener("keydown", onKey);
    window.removeEventListener("pointerdown", onPointer, true);
  };
}
