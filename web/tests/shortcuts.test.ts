import { expect, test } from "vitest";
import {
  commandOf,
  isIncomplete,
  isNeeded,
  keysOf,
  restored,
  withChord,
  writesNothing,
} from "@/commands/shortcuts";

const MUTE = { id: "mute", keys: ["Ctrl+M"] };
const REDO = { id: "redo", keys: ["Ctrl+Y", "Ctrl+Shift+Z"] };
const NOTE = { id: "note", keys: [] };
const ALL = [MUTE, REDO, NOTE];
const holder = (chosen: Parameters<typeof commandOf>[1], chord: string) =>
  commandOf(ALL, chosen, chord)?.id;

test("a chosen chord replaces a command's own", () => {
  const chosen = withChord(ALL, {}, "mute", "J");
  expect(chosen).toEqual({ mute: ["J"] });
  expect(holder(chosen, "J")).toBe("mute");
  expect(holder(chosen, "Ctrl+M")).toBeUndefined();
  expect(keysOf(REDO, chosen)).toEqual(["Ctrl+Y", "Ctrl+Shift+Z"]);
});

test("a chord of another command is taken from it, and only that one", () => {
  const chosen = withChord(ALL, {}, "note", "Ctrl+Y");
  expect(holder(chosen, "Ctrl+Y")).toBe("note");
  expect(holder(chosen, "Ctrl+Shift+Z")).toBe("redo");
  expect(withChord(ALL, chosen, "note", "Ctrl+Y")).toEqual(chosen);
});

test("a reset takes a command's own keys back, and nothing calls two commands", () => {
  const chosen = withChord(ALL, withChord(ALL, {}, "note", "Ctrl+Y"), "mute", "J");
  const back = restored(ALL, chosen, REDO);
  expect(back).toEqual({ mute: ["J"] });
  expect(restored(ALL, back, MUTE)).toEqual({});
});

test("to choose what a command has anyway changes nothing", () => {
  expect(withChord(ALL, {}, "mute", "Ctrl+M")).toEqual({});
});

test("letters are for the text that is typed", () => {
  for (const chord of ["A", "?", "Space", "Shift+A", "Enter", "Backspace", "Shift+Tab"])
    expect(writesNothing(chord)).toBe(false);
  for (const chord of ["Ctrl+A", "Alt+Enter", "Ctrl+Alt+Shift+F", "F2", "Shift+F10"])
    expect(writesNothing(chord)).toBe(true);
  expect(isIncomplete("Shift")).toBe(true);
  expect(isIncomplete("a")).toBe(false);
  for (const chord of ["Enter", "Space", "Shift+Tab", "ArrowUp"])
    expect(isNeeded(chord)).toBe(true);
  for (const chord of ["Ctrl+Enter", "Alt+ArrowUp", "E"]) expect(isNeeded(chord)).toBe(false);
});
