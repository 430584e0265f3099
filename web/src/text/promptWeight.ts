/** Weights of words in a prompt: `(words:1.05)`, raised and lowered by keyboard. */

export type Selection = { text: string; start: number; end: number };

const STEP = 0.05;
const WEIGHTED = /^\(([\s\S]*):([+-]?\d*\.?\d+)\)$/;

/** The word around a caret, without commas and brackets. */
function wordAt(text: string, at: number): [number, number] {
  const stop = /[\s,()[\]{}<>|]/;
  let start = at;
  let end = at;
  while (start > 0 && !stop.test(text[start - 1] ?? " ")) start--;
  while (end < text.length && !stop.test(text[end] ?? " ")) end++;
  return [start, end];
}

/** The bracket with a weight that surrounds exactly what is selected. */
function surrounding(text: string, start: number, end: number): [number, number] | undefined {
  if (text[start - 1] !== "(") return undefined;
  const rest = /^:[+-]?\d*\.?\d+\)/.exec(text.slice(end));
  return rest ? [start - 1, end + rest[0].length] : undefined;
}

function written(weight: number): string {
  return String(Number.parseFloat(weight.toFixed(2)));
}

/** Changes the weight of the selected words, or of the word at the caret, by steps of 0.05. */
export function weigh(selection: Selection, steps: number): Selection {
  const { text } = selection;
  let { start, end } = selection;
  if (start === end) [start, end] = wordAt(text, start);
  while (start < end && /\s/.test(text[start] ?? "")) start++;
  while (end > start && /\s/.test(text[end - 1] ?? "")) end--;
  if (start === end) return selection;
  const outer = surrounding(text, start, end);
  if (outer) [start, end] = outer;
  const match = WEIGHTED.exec(text.slice(start, end));
  const words = match?.[1] ?? text.slice(start, end);
  const weight = Math.round((Number(match?.[2] ?? 1) + steps * STEP) * 100) / 100;
  const plain = weight === 1;
  const replaced = plain ? words : `(${words}:${written(weight)})`;
  const from = plain ? start : start + 1;
  return {
    text: text.slice(0, start) + replaced + text.slice(end),
    start: from,
    end: from + words.length,
  };
}
