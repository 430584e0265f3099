/** A list of literals as lines of text. */

import type { Json } from "@/document/workflow";
import { evaluate } from "@/text/arithmetic";
import type { InputType } from "@/types/nodeType";

/** One value a line; a line break within a text is written `\n`. */
export function writeList(values: readonly Json[]): string {
  const line = (value: Json) =>
    typeof value === "string"
      ? value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")
      : JSON.stringify(value);
  return values.map(line).join("\n");
}

/** The values of the lines that are not empty; what is no number stays text, and is refused there. */
export function readList(text: string, { type }: Pick<InputType, "type">): Json[] {
  const numeric = type === "INT" || type === "FLOAT";
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line): Json => {
      if (numeric) return evaluate(line) ?? line;
      if (type === "BOOLEAN") return /^\s*(true|on|yes|1)\s*$/i.test(line);
      return line.replace(/\\(n|\\)/g, (_, mark) => (mark === "n" ? "\n" : "\\"));
    });
}
