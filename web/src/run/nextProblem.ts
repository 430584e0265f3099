import type { Problem } from "@/api/shapes";

/** The problem after those of a node, from the first again after the last. */
export function problemAfter(
  problems: readonly Problem[],
  node: string | undefined,
): Problem | undefined {
  const last = node === undefined ? -1 : problems.findLastIndex((one) => one.node === node);
  return problems[last + 1] ?? problems[0];
}
