/** Changes as data: patches that can be done, undone and replayed. */

import type { Json, JsonMap, Workflow } from "@/document/workflow";

/**
 * One value of the document changed. `undefined` stands for "not there".
 * `at` is the place of the key among its siblings, so that undoing keeps the order.
 */
export type Patch = {
  path: readonly string[];
  before: Json | undefined;
  after: Json | undefined;
  at?: number;
};

/** What one gesture did. Edits with the same `merge` that follow each other become one. */
export type Edit = { label: string; patches: readonly Patch[]; merge?: string };

export function valueAt(document: Workflow, path: readonly string[]): Json | undefined {
  let value: Json | undefined = document as unknown as Json;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as JsonMap)[key];
  }
  return value;
}

function withKey(map: JsonMap, key: string, value: Json | undefined, at?: number): JsonMap {
  if (value === undefined) {
    const { [key]: _, ...rest } = map;
    return rest;
  }
  if (at === undefined || Object.hasOwn(map, key)) return { ...map, [key]: value };
  const entries = Object.entries(map);
  entries.splice(at, 0, [key, value]);
  return Object.fromEntries(entries);
}

function put(
  value: Json | undefined,
  path: readonly string[],
  depth: number,
  after: Json | undefined,
  at?: number,
): JsonMap {
  const map = typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  const key = path[depth] as string;
  if (depth === path.length - 1) return withKey(map, key, after, at);
  const child = put(Object.hasOwn(map, key) ? map[key] : undefined, path, depth + 1, after, at);
  return withKey(map, key, child);
}

export function apply(document: Workflow, patches: readonly Patch[]): Workflow {
  let result = document;
  for (const patch of patches)
    result = put(
      result as unknown as Json,
      patch.path,
      0,
      patch.after,
      patch.at,
    ) as unknown as Workflow;
  return result;
}

export function invert(patches: readonly Patch[]): Patch[] {
  return patches.map((patch) => ({ ...patch, before: patch.after, after: patch.before })).reverse();
}

/** Collects the patches of one edit while showing the document as it becomes. */
export class Draft {
  readonly patches: Patch[] = [];

  constructor(public document: Workflow) {}

  set(path: readonly string[], after: Json | undefined): this {
    this.makeParents(path);
    const before = valueAt(this.document, path);
    if (before === after) return this;
    const parent = valueAt(this.document, path.slice(0, -1));
    const keys = Object.keys((parent ?? {}) as JsonMap);
    const key = path[path.length - 1] as string;
    const found = keys.indexOf(key);
    return this.push({ path, before, after, at: found < 0 ? keys.length : found });
  }

  remove(path: readonly string[]): this {
    return this.set(path, undefined);
  }

  /** Another key for a value, which keeps its place. */
  rename(path: readonly string[], key: string): this {
    const value = valueAt(this.document, path);
    const parent = path.slice(0, -1);
    const keys = Object.keys((valueAt(this.document, parent) ?? {}) as JsonMap);
    const at = keys.indexOf(path[path.length - 1] as string);
    if (value === undefined || at < 0) return this;
    this.push({ path, before: value, after: undefined, at });
    return this.push({ path: [...parent, key], before: undefined, after: value, at });
  }

  done(label: string, merge?: string): Edit {
    return { label, patches: this.patches, ...(merge === undefined ? {} : { merge }) };
  }

  private makeParents(path: readonly string[]): void {
    for (let length = 1; length < path.length; length++) {
      const parent = path.slice(0, length);
      if (valueAt(this.document, parent) === undefined)
        this.push({ path: parent, before: undefined, after: {} });
    }
  }

  private push(patch: Patch): this {
    this.patches.push(patch);
    this.document = apply(this.document, [patch]);
    return this;
  }
}
