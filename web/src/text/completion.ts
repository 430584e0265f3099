/** Names of embeddings and LoRAs while they are typed: `embedding:na…`, `<lora:na…`. */

export type Wanted = { kind: "embeddings" | "loras"; typed: string; start: number };

/** What is being typed at the caret, or undefined where it is no name. */
export function wantedAt(text: string, caret: number): Wanted | undefined {
  const found = /(embedding:|<lora:)([^\s,:()<>]*)$/i.exec(text.slice(0, caret));
  if (!found) return undefined;
  const typed = found[2] ?? "";
  const kind = found[1]?.startsWith("<") ? "loras" : "embeddings";
  return { kind, typed, start: caret - typed.length };
}

/** The text with the name written out, and where the caret goes. */
export function completed(
  text: string,
  caret: number,
  wanted: Wanted,
  name: string,
): { text: string; caret: number } {
  const rest = /^[^\s,:()<>]*/.exec(text.slice(caret))?.[0] ?? "";
  const after = text.slice(caret + rest.length);
  const weight = wanted.kind === "loras" && !/^[:>]/.test(after) ? ":1>" : "";
  const before = text.slice(0, wanted.start) + name + weight;
  return { text: before + after, caret: before.length };
}
