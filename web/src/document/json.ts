/** JSON whose whole numbers beyond 2^53 (seeds) survive: they are kept as digits in text. */

const STRING_OR_LONG = /"(?:\\.|[^"\\])*"|-?\d{16,}(?![\d.eE])/g;

export function parseJson(text: string): unknown {
  const safe = text.replace(STRING_OR_LONG, (token) =>
    token.startsWith('"') || Number.isSafeInteger(Number(token)) ? token : `"${token}"`,
  );
  return JSON.parse(safe);
}
