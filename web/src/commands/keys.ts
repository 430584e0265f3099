/** Keys to commands. */

import { COMMANDS } from "@/commands/commands";
import { useViewer } from "@/results/viewer";
import { usePanels } from "@/state/panels";

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
    const found = COMMANDS.find(({ keys }) => keys.includes(pressed));
    if (pressed === "Escape") onCanvas = false;
    if (!found) return;
    const undoes = found.id === "undo" || found.id === "redo";
    const typing = isTyping(event.target) && !(undoes && isIdleNumber(event.target));
    if (typing && !found.typing) return;
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
