/** Which output may be linked to which input: the server's rule, evaluated here while dragging. */

import type { NodeType, TypeTable } from "@/types/nodeType";

function listItem(type: string): string | undefined {
  return /^list\[(.*)\]$/.exec(type)?.[1];
}

/** Whether an input of type `target` takes an output of type `source`. */
export function accepts(table: TypeTable, target: string, source: string): boolean {
  if (target === "*" || source === "*" || target === source) return true;
  if (source.includes(",")) return source.split(",").every((s) => accepts(table, target, s));
  if (target.includes(",")) return target.split(",").some((t) => accepts(table, t, source));
  const [item, given] = [listItem(target), listItem(source)];
  if (item !== undefined || given !== undefined)
    return item !== undefined && given !== undefined && accepts(table, item, given);
  return table.accepts.some(([t, s]) => t === target && s === source);
}

/** The input of a type that a link from `source` fits best: its own type, then the first. */
export function inputFor(table: TypeTable, type: NodeType, source: string): string | undefined {
  const fitting = type.inputs.filter((input) => accepts(table, input.type, source));
  const exact = fitting.find((input) => input.type === source);
  const typed = fitting.find((input) => input.type !== "*");
  return (exact ?? typed ?? fitting[0])?.name;
}

/** The output of a type that an input of type `target` takes best. */
export function outputFor(table: TypeTable, type: NodeType, target: string): string | undefined {
  const fitting = type.outputs.filter((output) => accepts(table, target, output.type));
  const exact = fitting.find((output) => output.type === target);
  return (exact ?? fitting[0])?.name;
}

/** The colour of a port type; unions take the first member's. */
export function colourOf(table: TypeTable, type: string): string {
  const first = listItem(type) ?? type.split(",")[0] ?? type;
  return table.colours.get(first) ?? "var(--port-other)";
}
