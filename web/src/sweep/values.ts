/** The values a person types for a sweep. */

import type { Json } from "@/document/workflow";
import { digitsOf } from "@/text/seeds";
import type { InputType } from "@/types/nodeType";

const RANGE = /^(-?[\d.]+)\.\.(-?[\d.]+)(?::([\d.]+))?$/;
const YES = /^(true|on|yes|1)$/i;
const NO = /^(false|off|no|0)$/i;

/** No sweep has more values on one side, and no more variants. */
export const MOST = 64;
export const MOST_VARIANTS = 256;

type Spec = Pick<InputType, "type" | "choices" | "max">;
type Range = { from: number; sign: number; step: number; count: number };

function rangeOf(part: string): Range | undefined {
  const [, from, to, step = "1"] = RANGE.exec(part) ?? [];
  if (from === undefined || to === undefined || !(+step > 0)) return undefined;
  const count = Math.floor(Math.abs(+to - +from) / +step + 1e-9) + 1;
  if (!Number.isFinite(count)) return undefined;
  return { from: +from, sign: +to < +from ? -1 : 1, step: +step, count };
}

/** At most one more than a side takes. */
function valuesOf(part: string, spec: Spec): Json[] {
  const { type } = spec;
  if (type === "BOOLEAN") return YES.test(part) ? [true] : NO.test(part) ? [false] : [];
  if (type !== "INT" && type !== "FLOAT") return [part];
  const range = rangeOf(part);
  if (range)
    return Array.from({ length: Math.min(range.count, MOST + 1) }, (_, i) =>
      Number((range.from + range.sign * i * range.step).toPrecision(12)),
    );
  const digits = type === "INT" ? digitsOf(part, spec) : undefined;
  return digits !== undefined ? [digits] : Number.isFinite(+part) ? [+part] : [];
}

function partsOf(text: string, { type, choices }: Spec): string[] {
  const listed = ["INT", "FLOAT", "BOOLEAN"].includes(type) || choices !== undefined;
  const parts = text.split(listed ? /[,\n]/ : "\n").map((part) => part.trim());
  return parts.filter((part) => part !== "");
}

/** What of it is no value. */
export function strays(text: string, spec: Spec): string[] {
  return partsOf(text, spec).filter((part) => valuesOf(part, spec).length === 0);
}

/** How many values it says; exact only up to one more than a side takes. */
export function countOf(text: string, spec: Spec): number {
  const most = partsOf(text, spec).map((part) => rangeOf(part)?.count ?? 1);
  return Math.max(readValues(text, spec).length, ...most);
}

/** `1..4`, `0..1:0.25` and `2, 3, 4` for numbers, `true, false`, choices by commas, texts by lines. */
export function readValues(text: string, spec: Spec): Json[] {
  const found = partsOf(text, spec).flatMap((part) => valuesOf(part, spec));
  return [...new Set(found)];
}
