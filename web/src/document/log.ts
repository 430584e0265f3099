/** The operation log: the document is the base with the edits before the cursor replayed. */

import { apply, type Edit, invert, type Patch } from "@/document/operation";
import type { Workflow } from "@/document/workflow";

/** Older edits are folded into the base. */
export const LIMIT = 2000;

export type Log = {
  base: Workflow;
  edits: readonly Edit[];
  cursor: number;
  document: Workflow;
  /** Grows with every change, undo and redo, so that "saved" is one comparison. */
  revision: number;
};

export function startLog(document: Workflow): Log {
  return { base: document, edits: [], cursor: 0, document, revision: 0 };
}

/** Several patches of one path become one, so that a drag is one edit. */
function joined(before: Edit, after: Edit): Edit {
  const patches: Patch[] = [...before.patches];
  for (const patch of after.patches) {
    const key = patch.path.join("\0");
    const last = patches.findIndex((p) => p.path.join("\0") === key);
    const old = patches[last];
    if (old && old.after === patch.before) patches[last] = { ...old, after: patch.after };
    else patches.push(patch);
  }
  return { ...before, patches };
}

export function record(log: Log, edit: Edit): Log {
  if (edit.patches.length === 0) return log;
  const document = apply(log.document, edit.patches);
  const last = log.edits[log.cursor - 1];
  const merges =
    edit.merge !== undefined && last?.merge === edit.merge && log.cursor === log.edits.length;
  const kept = log.edits.slice(0, merges ? log.cursor - 1 : log.cursor);
  let edits = [...kept, merges && last ? joined(last, edit) : edit];
  let base = log.base;
  while (edits.length > LIMIT) {
    base = apply(base, edits[0]?.patches ?? []);
    edits = edits.slice(1);
  }
  return { base, edits, cursor: edits.length, document, revision: log.revision + 1 };
}

/** What was recorded since an earlier state of the log as one edit. */
export function folded(log: Log, since: Log): Log {
  const from = Math.max(0, log.cursor - (log.revision - since.revision));
  const [first, ...rest] = log.edits.slice(from, log.cursor);
  if (!first || rest.length === 0) return log;
  return {
    ...log,
    edits: [...log.edits.slice(0, from), rest.reduce(joined, first)],
    cursor: from + 1,
  };
}

/** Ends merging: the next edit is one of its own. */
export function seal(log: Log): Log {
  const last = log.edits[log.cursor - 1];
  if (last?.merge === undefined) return log;
  const { merge: _, ...sealed } = last;
  const edits = [...log.edits];
  edits[log.cursor - 1] = sealed;
  return { ...log, edits };
}

export function undo(log: Log): Log {
  const edit = log.edits[log.cursor - 1];
  if (!edit) return log;
  return {
    ...seal(log),
    cursor: log.cursor - 1,
    document: apply(log.document, invert(edit.patches)),
    revision: log.revision + 1,
  };
}

export function redo(log: Log): Log {
  const edit = log.edits[log.cursor];
  if (!edit) return log;
  return {
    ...log,
    cursor: log.cursor + 1,
    document: apply(log.document, edit.patches),
    revision: log.revision + 1,
  };
}

/** The document the log says: the base with every edit before the cursor done again. */
export function replay(log: Log): Workflow {
  return log.edits.slice(0, log.cursor).reduce((d, edit) => apply(d, edit.patches), log.base);
}
