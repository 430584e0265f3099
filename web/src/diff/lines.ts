/** Two texts line by line, beside each other. */

import { diffLines, diffWordsWithSpace } from "diff";

/** A stretch of a line; `new` where the other line does not have it. */
export type Stretch = { text: string; fresh: boolean };
export type Side = { number: number; stretches: Stretch[] };
/** A row has both sides where lines are alike, or where one was changed into the other. */
export type Row = { before?: Side; after?: Side };
/** Rows that follow each other and are all alike, or all different. */
export type Block = { alike: boolean; rows: Row[] };

/** More lines on one row than that are not compared word by word. */
const LONG = 4000;

function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines[lines.length - 1] === "") lines.pop();
  return lines;
}

function paired(before: string, after: string): [Stretch[], Stretch[]] {
  if (before.length + after.length > LONG)
    return [[{ text: before, fresh: true }], [{ text: after, fresh: true }]];
  const parts = diffWordsWithSpace(before, after);
  const side = (other: "added" | "removed", own: "added" | "removed") =>
    parts
      .filter((part) => !part[other])
      .map(({ value, [own]: fresh }) => ({ text: value, fresh: Boolean(fresh) }));
  return [side("added", "removed"), side("removed", "added")];
}

/** Lines that were taken away and those that came in their place, row by row. */
function changed(gone: string[], come: string[], left: number, right: number): Row[] {
  return Array.from({ length: Math.max(gone.length, come.length) }, (_, index): Row => {
    const [old, now] = [gone[index], come[index]];
    const alone = (text: string, number: number): Side => ({
      number,
      stretches: [{ text, fresh: false }],
    });
    if (old === undefined) return { after: alone(now ?? "", right + index) };
    if (now === undefined) return { before: alone(old, left + index) };
    const [before, after] = paired(old, now);
    return {
      before: { number: left + index, stretches: before },
      after: { number: right + index, stretches: after },
    };
  });
}

export function blocksOf(before: string, after: string): Block[] {
  const blocks: Block[] = [];
  let [left, right] = [1, 1];
  const parts = diffLines(before, after);
  for (let at = 0; at < parts.length; at++) {
    const part = parts[at];
    if (!part) continue;
    if (!part.added && !part.removed) {
      const rows = linesOf(part.value).map((text, index): Row => {
        const stretches = [{ text, fresh: false }];
        return {
          before: { number: left + index, stretches },
          after: { number: right + index, stretches },
        };
      });
      blocks.push({ alike: true, rows });
      left += rows.length;
      right += rows.length;
      continue;
    }
    const next = parts[at + 1];
    const both = part.removed && next?.added ? next : undefined;
    const gone = part.removed ? linesOf(part.value) : [];
    const come = linesOf(part.added ? part.value : (both?.value ?? ""));
    blocks.push({ alike: false, rows: changed(gone, come, left, right) });
    left += gone.length;
    right += come.length;
    if (both) at += 1;
  }
  return blocks;
}

/** Rows of an alike block that are shown; those between are folded away. */
export function folded(rows: readonly Row[], first: boolean, last: boolean): [number, number] {
  const CONTEXT = 3;
  const from = first ? 0 : CONTEXT;
  const to = rows.length - (last ? 0 : CONTEXT);
  return to - from > 2 ? [from, to] : [rows.length, rows.length];
}
