/** Seeds, which may be larger than numbers are exact. */

import type { SeedAfterRun } from "@/state/settings";
import type { Limits } from "@/text/arithmetic";

/** A whole number beyond 2^53 as its digits, which a number would round; undefined for others. */
export function digitsOf(
  text: string,
  { max = Number.POSITIVE_INFINITY }: Limits,
): string | undefined {
  const digits = text.trim();
  const large = /^\d{16,}$/.test(digits) && !Number.isSafeInteger(Number(digits));
  return large && BigInt(digits) <= Number(max) ? digits : undefined;
}

/** Seeds beyond 2^53 are digits in text. */
export function nextSeed(seed: number | string, after: SeedAfterRun): number | string {
  if (after === "randomize") return Math.floor(Math.random() * 2 ** 48);
  if (after === "fixed") return seed;
  const next = BigInt(seed) + (after === "increment" ? 1n : -1n);
  if (next < 0n || next >= 1n << 64n) return seed;
  return Number.isSafeInteger(Number(next)) ? Number(next) : String(next);
}
