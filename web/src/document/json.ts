/** JSON whose whole numbers beyond 2^53 (seeds) survive: they are kept as digits in text. */

const STRING_OR_NUMBER = /"(?:\\.|[^"\\])*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;
const WHOLE = /^-?\d{16,}$/;

export function parseJson(text: string): unknown {
  const safe = text.replace(STRING_OR_NUMBER, (token) =>
    WHOLE.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token,
  );
  return JSON.parse(safe);
}
