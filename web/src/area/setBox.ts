/** A box written into a node as one edit; those of one gesture become one. */

import { type Box, SIDES } from "@/area/box";
import { Draft, type Edit } from "@/document/operation";
import type { Scope, Workflow } from "@/document/workflow";

export function setBox(
  workflow: Workflow,
  scope: Scope,
  node: string,
  before: Box,
  after: Box,
): Edit {
  const draft = new Draft(workflow);
  const path = [...scope, "nodes", node];
  for (const side of SIDES)
    if (before[side] !== after[side]) draft.set([...path, side], after[side]);
  return draft.done("area", `area ${path.join("/")}`);
}
