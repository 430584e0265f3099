/** Undo and redo from inside a plugin's frame, which has the keyboard while it is focused. */

import { COMMANDS, command } from "@/commands/commands";
import { commandOf, keysOf } from "@/commands/shortcuts";
import { useSettings } from "@/state/settings";

const FORWARDED = ["undo", "redo"];

/** The chords that a frame forwards, as they are set now. */
export function forwardedKeys(): string[] {
  const { keys } = useSettings.getState();
  return FORWARDED.flatMap((id) => {
    const found = command(id);
    return found ? keysOf(found, keys) : [];
  });
}

/** Does what a forwarded chord says; a frame that is not focused, and any other chord, says nothing. */
export function onForwarded(chord: string, frame: HTMLIFrameElement | null): void {
  if (document.activeElement !== frame) return;
  const found = commandOf(COMMANDS, useSettings.getState().keys, chord);
  if (found && FORWARDED.includes(found.id)) found.run();
}
