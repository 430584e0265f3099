/** The values a person types for a sweep. */

import type { Json } from "@/document/workflow";
import type { InputType } from "@/types/nodeType";

const RANGE = /^(-?[\d.]+)\.\.(-?[\d.]+)(?::([\d.]+))?$/;

/** No sweep has more values on one side. */
export const MOST = 64;

function range(from: number, to: number, step: number): number[] {
  const count = Math.min(MOST, Math.floor(Math.abs(to - from) / step + 1e-9) + 1);
  const sign = to < from ? -1 : 1;
  return Array.from({ length: count }, (_, i) => +(from + sign * i * step).toPrecision(12));
}

type Spec = Pick<InputType, "type" | "choices">;

function valuesOf(part: string, { type }: Spec): Json[] {
  if (type === "BOOLEAN") return [/^(true|on|yes|1)$/i.test(part)];
  if (type !== "INT" && type !== "FLOAT") return [part];
  const [, from, to, step] = RANGE.exec(part) ?? [];
  if (from !== undefined && to !== undefined && +(step ?? 1) > 0)
    return range(+from, +to, +(step ?? 1));
  return Number.isFinite(+part) ? [+part] : [];
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

/** `1..4`, `0..1:0.25` and `2, 3, 4` for numbers, `true, false`, choices by commas, texts by lines. */
export function readValues(text: string, spec: Spec): Json[] {
  const found = partsOf(text, spec).flatMap((part) => valuesOf(part, spec));
  return [...new Set(found)].slice(0, MOST);
}
