/** Where a text becomes another one: from, to, and what stands between them then. */
export function changed(before: string, after: string): [number, number, string] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  return [start, before.length - end, after.slice(start, after.length - end)];
}
