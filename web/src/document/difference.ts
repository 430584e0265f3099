/** What differs between two documents in what they compute and show; places do not count. */

import { renameNode } from "@/document/edit";
import { apply } from "@/document/operation";
import { referenceOf, writeReference } from "@/document/reference";
import {
  GROUP,
  type Graph,
  type GroupLayout,
  graphAt,
  isMap,
  type Json,
  type JsonMap,
  NOTE,
  type NodeData,
  type NoteLayout,
  ROOT,
  type Scope,
  type Workflow,
} from "@/document/workflow";
import { type OutputType, outputOf } from "@/types/nodeType";

export type Sign = "added" | "removed" | "changed";

/** One value: of a node, or of a graph beside its nodes. */
export type Change = { key: string; before?: Json; after?: Json };

/** `was` is the name before, where that is another. */
export type NodeChange = { node: string; sign: Sign; was?: string; changes: Change[] };

/** A graph that differs: the workflow, or a subgraph. `about` is what is not its nodes. */
export type GraphChange = { scope: Scope; sign: Sign; about: Change[]; nodes: NodeChange[] };

/** Two documents in which nodes that only got another name have the new one; `was` has the old. */
export type Aligned = {
  before: Workflow;
  after: Workflow;
  was: ReadonlyMap<string, string>;
  outputs: Outputs;
};

/** The outputs of a type of node in a document, where they are known. */
export type Outputs = (document: Workflow, type: string) => readonly OutputType[] | undefined;

/** What a graph's references mean. */
type Meaning = (value: Json | undefined) => Json | undefined;

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

/** `$a`, `$a.0` and `$a.IMAGE` are one where IMAGE is the first output of a. */
function meaningIn(graph: Graph, document: Workflow, outputs: Outputs): Meaning {
  const meant: Meaning = (value) => {
    if (Array.isArray(value)) return value.map((item) => meant(item) as Json);
    if (value !== undefined && isMap(value))
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, meant(v) as Json]));
    const reference = referenceOf(value);
    const source = reference && graph.nodes[reference.node];
    const known = source && outputs(document, source.node);
    if (!reference || !known?.length) return value;
    return writeReference({ ...reference, output: outputOf(known, reference.output) });
  };
  return meant;
}

const asWritten: Meaning = (value) => value;

type Meanings = readonly [before: Meaning, after: Meaning];

function changesOf(before: Entries, after: Entries, [was, is]: Meanings): Change[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((key) => {
    const [old, now] = [before.get(key), after.get(key)];
    if (canonical(was(old)) === canonical(is(now))) return [];
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
export function align(
  before: Workflow,
  after: Workflow,
  outputs: Outputs = () => undefined,
): Aligned {
  const was = new Map<string, string>();
  let aligned = before;
  for (const scope of scopesOf(before, after)) {
    const now = graphAt(after, scope).nodes;
    const here = meaningIn(graphAt(after, scope), after, outputs);
    // A node whose source was renamed is the same only once that has its new name.
    for (let matched = -1; matched !== 0; ) {
      matched = 0;
      const graph = graphAt(aligned, scope);
      const old = graph.nodes;
      const then = meaningIn(graph, aligned, outputs);
      const come = Object.keys(now).filter((name) => !Object.hasOwn(old, name));
      const gone = new Map<string, string[]>();
      for (const name of Object.keys(old).filter((one) => !Object.hasOwn(now, one))) {
        const text = canonical(then(old[name]));
        gone.set(text, [...(gone.get(text) ?? []), name]);
      }
      for (const name of gone.size > 0 ? come : []) {
        const match = gone.get(canonical(here(now[name])))?.shift();
        if (match === undefined) continue;
        aligned = apply(aligned, renameNode(aligned, scope, match, name).patches);
        was.set(keyOf(scope, name), match);
        matched += 1;
      }
    }
  }
  return { before: aligned, after, was, outputs };
}

function nodeChanges(
  scope: Scope,
  before: Graph,
  after: Graph,
  was: Aligned["was"],
  meanings: Meanings,
): NodeChange[] {
  const names = new Set([...Object.keys(after.nodes), ...Object.keys(before.nodes)]);
  return [...names].flatMap((node): NodeChange[] => {
    const [old, now] = [before.nodes[node], after.nodes[node]];
    if (!old || !now) {
      const type = { key: "node", ...(old ? { before: old.node } : { after: now?.node ?? "" }) };
      return [{ node, sign: old ? "removed" : "added", changes: [type] }];
    }
    const changes = changesOf(entriesOf(old), entriesOf(now), meanings);
    const name = was.get(keyOf(scope, node));
    if (changes.length === 0 && name === undefined) return [];
    return [{ node, sign: "changed", ...(name === undefined ? {} : { was: name }), changes }];
  });
}

/** What a frame or a remark says, without its place. */
function wordsOf({ x: _, y: __, w: ___, h: ____, ...words }: GroupLayout | NoteLayout): Entries {
  return new Map(Object.entries(words));
}

/** Frames and remarks that differ. A document that has no layout says nothing about them. */
function frameChanges(before: Graph, after: Graph): NodeChange[] {
  if (!before.layout || !after.layout) return [];
  const found: NodeChange[] = [];
  for (const [kind, prefix] of [["groups", GROUP] as const, ["notes", NOTE] as const]) {
    const [old, now] = [before.layout[kind] ?? {}, after.layout[kind] ?? {}];
    for (const id of new Set([...Object.keys(now), ...Object.keys(old)])) {
      const [was, is] = [old[id], now[id]].map((one) => (one ? wordsOf(one) : new Map()));
      const changes = changesOf(was as Entries, is as Entries, [asWritten, asWritten]);
      if (old[id] && now[id] && changes.length === 0) continue;
      const sign = !old[id] ? "added" : !now[id] ? "removed" : "changed";
      found.push({ node: prefix + id, sign, changes });
    }
  }
  return found;
}

/** The graphs that differ, the workflow first. */
export function difference({ before, after, was, outputs }: Aligned): GraphChange[] {
  return scopesOf(before, after).flatMap((scope): GraphChange[] => {
    const there = ({ subgraphs }: Workflow) => scope.length === 0 || subgraphs?.[scope[1] ?? ""];
    const [old, now] = [graphAt(before, scope), graphAt(after, scope)];
    const meanings: Meanings = [meaningIn(old, before, outputs), meaningIn(now, after, outputs)];
    const about = changesOf(aboutOf(old), aboutOf(now), meanings);
    const nodes = [...nodeChanges(scope, old, now, was, meanings), ...frameChanges(old, now)];
    if (about.length === 0 && nodes.length === 0) return [];
    const sign = !there(before) ? "added" : !there(after) ? "removed" : "changed";
    return [{ scope, sign, about, nodes }];
  });
}
