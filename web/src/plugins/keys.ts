/** Keys from inside a plugin's frame, which has the keyboard while it is focused. */

import { COMMANDS, command } from "@/commands/commands";
import { commandOf, keysOf } from "@/commands/shortcuts";
import { useSettings } from "@/state/settings";

const FORWARDED = ["undo", "redo"];
/** These are a person's alone: a module that says it by itself is not heard. */
const PERSONAL = ["run", "run-front", "save"];

/** The chords that a frame forwards, as they are set now. */
export function forwardedKeys(): { keys: string[]; anywhere: string[] } {
  const { keys } = useSettings.getState();
  const chords = (ids: readonly string[]) =>
    ids.flatMap((id) => {
      const found = command(id);
      return found ? keysOf(found, keys) : [];
    });
  return { keys: chords(FORWARDED), anywhere: chords(PERSONAL) };
}

/** Does what a forwarded chord says; a frame that is not focused, and any other chord, says nothing. */
export function onForwarded(chord: string, frame: HTMLIFrameElement | null): void {
  if (document.activeElement !== frame) return;
  const found = commandOf(COMMANDS, useSettings.getState().keys, chord);
  if (!found) return;
  const pressed = PERSONAL.includes(found.id) && navigator.userActivation.isActive;
  if (pressed || FORWARDED.includes(found.id)) found.run();
}
