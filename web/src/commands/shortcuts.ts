/** Which keys call which command: a command's own, or those that a person chose instead. */

export type Keyed = { id: string; keys: readonly string[] };

/** Keys by the command's id, for those that were changed. */
export type ChosenKeys = { readonly [id: string]: readonly string[] };

export function keysOf({ id, keys }: Keyed, chosen: ChosenKeys): readonly string[] {
  return chosen[id] ?? keys;
}

/** The command that a chord calls. */
export function commandOf<C extends Keyed>(
  commands: readonly C[],
  chosen: ChosenKeys,
  chord: string,
): C | undefined {
  return commands.find((command) => keysOf(command, chosen).includes(chord));
}

/** A command with one chord, which is taken from whichever had it. */
export function withChord(
  commands: readonly Keyed[],
  chosen: ChosenKeys,
  id: string,
  chord: string,
): ChosenKeys {
  const holder = commandOf(commands, chosen, chord);
  const left =
    holder && holder.id !== id
      ? { [holder.id]: keysOf(holder, chosen).filter((key) => key !== chord) }
      : {};
  return tidied(commands, { ...chosen, ...left, [id]: [chord] });
}

/** A command with its own keys again, taken back from whichever has them now. */
export function restored(
  commands: readonly Keyed[],
  chosen: ChosenKeys,
  { id, keys }: Keyed,
): ChosenKeys {
  const others = commands
    .filter((command) => command.id !== id)
    .map((command) => [command.id, keysOf(command, chosen).filter((key) => !keys.includes(key))]);
  return tidied(commands, { ...Object.fromEntries(others), [id]: keys });
}

/** Without what is as it was. */
function tidied(commands: readonly Keyed[], chosen: ChosenKeys): ChosenKeys {
  const changed = commands.flatMap(({ id, keys }) => {
    const now = chosen[id];
    return now === undefined || now.join(" ") === keys.join(" ") ? [] : [[id, now] as const];
  });
  return Object.fromEntries(changed);
}

/** Whether a chord writes nothing into a text, so that it may be a command's while one is typed. */
export function writesNothing(chord: string): boolean {
  return /^(Ctrl|Alt)\+|^(Shift\+)?F\d+$/.test(chord);
}

/** Whether the page itself cannot do without a chord: it presses buttons and moves the focus. */
export function isNeeded(chord: string): boolean {
  return /^(Shift\+)?(Enter|Space|Tab|Escape|Arrow\w+)$/.test(chord);
}

/** Whether what is pressed is only held for another key, or is not known. */
export function isIncomplete(key: string): boolean {
  return ["Control", "Shift", "Alt", "AltGraph", "Meta", "Dead", "Unidentified"].includes(key);
}
