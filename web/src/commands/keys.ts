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

export function listenToKeys(): () => void {
  const onKey = (event: KeyboardEvent) => {
    if (usePanels.getState().dialog || useViewer.getState().files.length > 0) return;
    const pressed = chord(event);
    const found = COMMANDS.find(({ keys }) => keys.includes(pressed));
    if (!found || (isTyping(event.target) && !found.typing)) return;
    const onControl = event.target instanceof HTMLElement && event.target !== document.body;
    const inCanvas = event.target instanceof Element && event.target.closest(".react-flow");
    if (
      pressed === "Tab" &&
      (!inCanvas || (onControl && !event.target.classList.contains("react-flow__pane")))
    ) {
      if (event.target !== document.body) return;
    }
    const copies = ["copy", "cut"].includes(found.id);
    if (copies && window.getSelection()?.toString()) return;
    event.preventDefault();
    found.run();
  };
  window.addEventListener("keydown", onKey);
  return () => window.removeEventListener("keydown", onKey);
}
