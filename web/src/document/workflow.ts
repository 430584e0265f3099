/** The workflow as plain data, exactly as it stands in the file. Never changed in place. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonMap = { [key: string]: Json };

export const isMap = (value: Json | undefined): value is JsonMap =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** One node: `node` is its type's id; beside the own keys everything is an input. */
export type NodeData = JsonMap & { node: string };

export type Mode = "bypass" | "mute";

export type Place = { x: number; y: number };

export type NodeLayout = Place & {
  w?: number;
  collapsed?: boolean;
  pinned?: boolean;
  colour?: string;
};

/** What the ids of frames and remarks begin with where they stand beside nodes, whose names have no colon. */
export const GROUP = "group:";
export const NOTE = "note:";

/** A coloured frame. What lies inside moves with it. */
export type GroupLayout = Place & { w: number; h: number; title: string; colour?: string };

export type NoteLayout = Place & { w: number; h: number; text: string };

/** `ends` is where the two nodes of a subgraph stand that are its inputs and its outputs. */
export type Layout = {
  ends?: { inputs?: Place; outputs?: Place };
  nodes?: { [name: string]: NodeLayout };
  groups?: { [id: string]: GroupLayout };
  notes?: { [id: string]: NoteLayout };
};

/** What is drawn on one canvas: the whole workflow, or the inside of a subgraph. */
export type Graph = {
  nodes: { [name: string]: NodeData };
  inputs?: { [name: string]: Json };
  outputs?: { [name: string]: Json };
  layout?: Layout;
};

export type Workflow = Graph & {
  nodeflow: number;
  name?: string;
  description?: string;
  subgraphs?: { [id: string]: Graph };
};

/** Where a graph stands in the document: `[]`, or `["subgraphs", id]`. */
export type Scope = readonly string[];

export const ROOT: Scope = [];

/** Inside a subgraph `$inputs.x` is the subgraph's own input. */
export const INPUTS = "inputs";

/** The graph that a way through nodes leads to, as far as they are subgraphs. */
export function follow(workflow: Workflow, trail: readonly string[]): Scope[] {
  const scopes: Scope[] = [];
  for (const name of trail) {
    const type = graphAt(workflow, scopes[scopes.length - 1] ?? ROOT).nodes[name]?.node;
    if (type === undefined || !workflow.subgraphs?.[type]) break;
    scopes.push(["subgraphs", type]);
  }
  return scopes;
}

/** Keys of a node that are not its inputs. */
export const OWN_KEYS: ReadonlySet<string> = new Set([
  "node",
  "title",
  "bypass",
  "mute",
  "loop",
  "inputs",
]);

export const EMPTY: Workflow = { nodeflow: 1, nodes: {} };

/** The graph at a scope, or an empty one where there is none (any more). */
export function graphAt(workflow: Workflow, scope: Scope): Graph {
  if (scope.length === 0) return workflow;
  return workflow.subgraphs?.[scope[1] ?? ""] ?? { nodes: {} };
}

/** The literals and references of a node, by input name. */
export function inputsOf(node: NodeData): [string, Json][] {
  return Object.entries(node).filter(([key]) => !OWN_KEYS.has(key));
}

export function titleOf(name: string, node: NodeData): string {
  return typeof node.title === "string" && node.title ? node.title : name;
}

export function modeOf(node: NodeData): Mode | undefined {
  return node.mute === true ? "mute" : node.bypass === true ? "bypass" : undefined;
}
