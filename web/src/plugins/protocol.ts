/** What the page and a plugin's module in its sandbox say to each other. */

import type { Json } from "@/document/workflow";

/** The page to the module: all there is to draw. */
export type Show = {
  value?: Json;
  input?: { name: string; type: string; description: string };
  text?: string[];
  pictures?: { name: string; blob: Blob }[];
  theme: "light" | "dark";
  language: string;
  /** Colours of the page by their names in `tokens.css`. */
  look: { [name: string]: string };
  /** The chords that the page wants to be told of while no text is typed, and at any time. */
  keys: readonly string[];
  anywhere: readonly string[];
};

/** The module to the page. */
export type Said =
  | { type: "ready" }
  | { type: "change"; value: Json }
  | { type: "done" }
  | { type: "height"; pixels: number }
  | { type: "keys"; chord: string };

export const HELLO = "nodeflow 1";
const LIMIT = 100_000;
const LONG = 32;
const LOW = 24;
const HIGH = 640;

/** A value as JSON, or undefined where it is none or too large. */
function plain(value: unknown): Json | undefined {
  try {
    const text = JSON.stringify(value);
    return text === undefined || text.length > LIMIT ? undefined : (JSON.parse(text) as Json);
  } catch {
    return undefined;
  }
}

/** A message as one of those that are known; anything else is undefined. */
export function understood(data: unknown): Said | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { type, value, pixels, chord } = data as { [key: string]: unknown };
  if (type === "ready" || type === "done") return { type };
  if (type === "height" && typeof pixels === "number" && Number.isFinite(pixels))
    return { type, pixels: Math.min(Math.max(Math.round(pixels), LOW), HIGH) };
  if (type === "keys" && typeof chord === "string" && chord.length <= LONG) return { type, chord };
  const json = type === "change" ? plain(value) : undefined;
  return json === undefined ? undefined : { type: "change", value: json };
}
