/** Fuzzy search: every letter in order; starts of words and runs of letters count more. */

export type Match = { score: number; at: number[] };

function isStart(text: string, index: number): boolean {
  if (index === 0) return true;
  const before = text[index - 1] ?? "";
  const here = text[index] ?? "";
  if (/[\s_\-/.:()]/.test(before)) return true;
  return before === before.toLowerCase() && here !== here.toLowerCase();
}

/** How well a query fits a text, or undefined where it does not. */
export function fuzzy(query: string, text: string): Match | undefined {
  const wanted = query.trim().toLowerCase();
  if (!wanted) return { score: 0, at: [] };
  const lower = text.toLowerCase();
  const whole = lower.indexOf(wanted);
  if (whole >= 0) {
    const score = 100 - text.length * 0.2 - whole * 0.5 + (isStart(text, whole) ? 40 : 0);
    return { score, at: Array.from(wanted, (_, i) => whole + i) };
  }
  const at: number[] = [];
  let score = -text.length * 0.2;
  let from = 0;
  for (const letter of wanted) {
    if (letter === " ") continue;
    let best = -1;
    for (let i = lower.indexOf(letter, from); i >= 0; i = lower.indexOf(letter, i + 1)) {
      if (best < 0) best = i;
      if (isStart(text, i)) {
        best = i;
        break;
      }
      if (i === from) break;
    }
    if (best < 0) return undefined;
    score += isStart(text, best) ? 8 : best === from && at.length > 0 ? 4 : 1;
    score -= Math.min(best - from, 6) * 0.3;
    at.push(best);
    from = best + 1;
  }
  return { score, at };
}

/** `whole`: letters far apart do not count, as nearly any word is in a sentence so. */
export type Field = { text: string; weight: number; whole?: boolean };

/** Items that fit, best first; `bonus` is for what is wanted often. Several words may fit several fields. */
export function search<T>(
  query: string,
  items: readonly T[],
  fields: (item: T) => Field[],
  bonus: (item: T) => number = () => 0,
): T[] {
  const words = query.trim().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...items];
  const found: { item: T; score: number; order: number }[] = [];
  items.forEach((item, order) => {
    const texts = fields(item);
    const best = (wanted: string) =>
      Math.max(
        ...texts.map(({ text, weight, whole }) => {
          if (whole && !text.toLowerCase().includes(wanted.toLowerCase()))
            return Number.NEGATIVE_INFINITY;
          const match = fuzzy(wanted, text);
          return match ? match.score * weight + weight * 10 : Number.NEGATIVE_INFINITY;
        }),
      );
    const split = words.reduce((sum, word) => sum + best(word), 0) / words.length;
    const score = Math.max(split, best(query.trim())) + bonus(item);
    if (score > Number.NEGATIVE_INFINITY) found.push({ item, score, order });
  });
  return found.sort((a, b) => b.score - a.score || a.order - b.order).map((entry) => entry.item);
}
