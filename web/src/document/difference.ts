/** What differs between two documents in what they compute. */

import { inputsOf, type Json, type Workflow } from "@/document/workflow";

export type Difference = { node: string; input?: string; before?: Json; after?: Json };

export function difference(before: Workflow, after: Workflow): Difference[] {
  const found: Difference[] = [];
  const names = new Set([...Object.keys(before.nodes), ...Object.keys(after.nodes)]);
  for (const node of names) {
    const [left, right] = [before.nodes[node], after.nodes[node]];
    if (!left || !right) {
      found.push({
        node,
        ...(left ? { before: left.node } : {}),
        ...(right ? { after: right.node } : {}),
      });
      continue;
    }
    const [old, now] = [Object.fromEntries(inputsOf(left)), Object.fromEntries(inputsOf(right))];
    for (const input of new Set([...Object.keys(old), ...Object.keys(now)]))
      if (JSON.stringify(old[input]) !== JSON.stringify(now[input]))
        found.push({
          node,
          input,
          ...(old[input] !== undefined ? { before: old[input] } : {}),
          ...(now[input] !== undefined ? { after: now[input] } : {}),
        });
  }
  return found;
}
