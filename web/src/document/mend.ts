/** What the server names as the nearest valid choices, as edits. */

import type { Problem } from "@/api/shapes";
import { setInput } from "@/document/edit";
import { Draft, type Edit } from "@/document/operation";
import { graphAt, type Scope, type Workflow } from "@/document/workflow";

export type Mend = { choice: string; edit(workflow: Workflow, scope: Scope): Edit };

/** A wrong type gets another, a misspelt input its name, a wrong value or link another. */
export function mendsOf(problem: Problem): Mend[] {
  const { code, node, input, nearest } = problem;
  if (!node) return [];
  return (nearest ?? []).flatMap((choice): Mend[] => {
    if (code === "unknown_node")
      return [{ choice, edit: (workflow, scope) => retype(workflow, scope, node, choice) }];
    if (!input) return [];
    if (code === "unknown_input")
      return [
        {
          choice,
          edit: (workflow, scope) =>
            new Draft(workflow).rename([...scope, "nodes", node, input], choice).done("mend"),
        },
      ];
    return [{ choice, edit: (workflow, scope) => setInput(workflow, scope, node, input, choice) }];
  });
}

function retype(workflow: Workflow, scope: Scope, node: string, type: string): Edit {
  const draft = new Draft(workflow);
  if (graphAt(workflow, scope).nodes[node]) draft.set([...scope, "nodes", node, "node"], type);
  return draft.done("mend");
}
