/** What differs between two documents in what they compute and show; places do not count. */

import { renameNode } from "@/document/edit";
import { apply } from "@/document/operation";
import {
  type Graph,
  graphAt,
  isMap,
  type Json,
  type JsonMap,
  type NodeData,
  ROOT,
  type Scope,
  type Workflow,
} from "@/document/workflow";

export type Sign = "added" | "removed" | "changed";

/** One value: of a node, or of a graph beside its nodes. */
export type Change = { key: string; before?: Json; after?: Json };

/** `was` is the name before, where that is another. */
export type NodeChange = { node: string; sign: Sign; was?: string; changes: Change[] };

/** A graph that differs: the workflow, or a subgraph. `about` is what is not its nodes. */
export type GraphChange = { scope: Scope; sign: Sign; about: Change[]; nodes: NodeChange[] };

/** Two documents in which nodes that only got another name have the new one; `was` has the old. */
export type Aligned = { before: Workflow; after: Workflow; was: ReadonlyMap<string, string> };

type Entries = ReadonlyMap<string, Json>;

/** A map's values under `prefix.key`. */
function below(prefix: string, value: Json | undefined): [string, Json][] {
  if (value === undefined) return [];
  if (!isMap(value)) return [[prefix, value]];
  return Object.entries(value).map(([key, item]) => [`${prefix}.${key}`, item]);
}

/** All that a node says, by the names that people read: `seed`, `loop.times`, `loop.each.text`. */
export function entriesOf({ loop, inputs, ...own }: NodeData): Entries {
  const { each, ...others }: JsonMap = isMap(loop) ? loop : {};
  return new Map([
    ...Object.entries(own),
    ...Object.entries(isMap(inputs) ? inputs : {}),
    ...below("loop.each", each),
    ...below("loop", others),
  ]);
}

/** The same of a graph, without its nodes. */
function aboutOf(graph: Graph): Entries {
  const { nodes: _, layout: __, inputs, outputs, ...own } = graph as Graph & JsonMap;
  const { subgraphs: ___, nodeflow: ____, ...rest } = own;
  return new Map([
    ...Object.entries(rest),
    ...below("inputs", inputs),
    ...below("outputs", outputs),
  ]);
}

/** A value's text, whatever the order of its keys. */
function canonical(value: Json | undefined): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value === undefined || !isMap(value)) return JSON.stringify(value) ?? "";
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join()}}`;
}

function changesOf(before: Entries, after: Entries): Change[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((key) => {
    const [old, now] = [before.get(key), after.get(key)];
    if (canonical(old) === canonical(now)) return [];
    return [
      {
        key,
        ...(old === undefined ? {} : { before: old }),
        ...(now === undefined ? {} : { after: now }),
      },
    ];
  });
}

const keyOf = (scope: Scope, node: string) => [...scope, node].join("\0");

function scopesOf(before: Workflow, after: Workflow): Scope[] {
  const ids = [before, after].flatMap(({ subgraphs }) => Object.keys(subgraphs ?? {}));
  return [ROOT, ...[...new Set(ids)].map((id): Scope => ["subgraphs", id])];
}

/** A node that is gone and one that came with the same type, values and links are one. */
export function align(before: Workflow, after: Workflow): Aligned {
  const was = new Map<string, string>();
  let aligned = before;
  for (const scope of scopesOf(before, after)) {
    const now = graphAt(after, scope).nodes;
    // A node whose source was renamed is the same only once that has its new name.
    for (let matched = -1; matched !== 0; ) {
      matched = 0;
      const old = graphAt(aligned, scope).nodes;
      const come = Object.keys(now).filter((name) => !Object.hasOwn(old, name));
      const gone = new Map<string, string[]>();
      for (const name of Object.keys(old).filter((one) => !Object.hasOwn(now, one))) {
        const text = canonical(old[name]);
        gone.set(text, [...(gone.get(text) ?? []), name]);
      }
      for (const name of gone.size > 0 ? come : []) {
        const match = gone.get(canonical(now[name]))?.shift();
        if (match === undefined) continue;
        aligned = apply(aligned, renameNode(aligned, scope, match, name).patches);
        was.set(keyOf(scope, name), match);
        matched += 1;
      }
    }
  }
  return { before: aligned, after, was };
}

function nodeChanges(scope: Scope, before: Graph, after: Graph, was: Aligned["was"]): NodeChange[] {
  const names = new Set([...Object.keys(after.nodes), ...Object.keys(before.nodes)]);
  return [...names].flatMap((node): NodeChange[] => {
    const [old, now] = [before.nodes[node], after.nodes[node]];
    if (!old || !now) {
      const type = { key: "node", ...(old ? { before: old.node } : { after: now?.node ?? "" }) };
      return [{ node, sign: old ? "removed" : "added", changes: [type] }];
    }
    const changes = changesOf(entriesOf(old), entriesOf(now));
    const name = was.get(keyOf(scope, node));
    if (changes.length === 0 && name === undefined) return [];
    return [{ node, sign: "changed", ...(name === undefined ? {} : { was: name }), changes }];
  });
}

/** The graphs that differ, the workflow first. */
export function difference({ before, after, was }: Aligned): GraphChange[] {
  return scopesOf(before, after).flatMap((scope): GraphChange[] => {
    const there = ({ subgraphs }: Workflow) => scope.length === 0 || subgraphs?.[scope[1] ?? ""];
    const [old, now] = [graphAt(before, scope), graphAt(after, scope)];
    const about = changesOf(aboutOf(old), aboutOf(now));
    const nodes = nodeChanges(scope, old, now, was);
    if (about.length === 0 && nodes.length === 0) return [];
    const sign = !there(before) ? "added" : !there(after) ? "removed" : "changed";
    return [{ scope, sign, about, nodes }];
  });
}
