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

/** `1..4`, `0..1:0.25` and `2, 3, 4` for numbers, `true, false`, choices by commas, texts by lines. */
export function readValues(text: string, spec: Pick<InputType, "type" | "choices">): Json[] {
  const numeric = spec.type === "INT" || spec.type === "FLOAT";
  const listed = numeric || spec.type === "BOOLEAN" || spec.choices !== undefined;
  const parts = text
    .split(listed ? /[,\n]/ : "\n")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const found = parts.flatMap((part): Json[] => {
    if (spec.type === "BOOLEAN") return [/^(true|on|yes|1)$/i.test(part)];
    if (!numeric) return [part];
    const [, from, to, step] = RANGE.exec(part) ?? [];
    if (from !== undefined && to !== undefined && +(step ?? 1) > 0)
      return range(+from, +to, +(step ?? 1));
    return Number.isFinite(+part) ? [+part] : [];
  });
  return [...new Set(found)].slice(0, MOST);
}
