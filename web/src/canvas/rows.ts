/** What stands on a node, row by row, and how high that is before it is drawn. */

import { REROUTE, referenceOf } from "@/document/reference";
import type { Json, NodeData, NodeLayout } from "@/document/workflow";
import { inputsOf } from "@/document/workflow";
import type { InputType, NodeType } from "@/types/nodeType";

export const WIDTH = 232;
export const ROW = 24;
const HEADER = 32;
const TEXT = 86;
const PICTURE = 190;

export type Rows = {
  /** Inputs that only links can fill. */
  links: InputType[];
  /** Inputs with a widget, which a link may replace. */
  literals: InputType[];
  /** Values the type does not know, kept for when it does. */
  others: [string, unknown][];
  /** Inputs whose values, one for each round, stand in the node. */
  looped: InputType[];
};

export function rowsOf(type: NodeType | undefined, node: NodeData): Rows {
  const known = new Set(type?.inputs.map(({ name }) => name));
  const looped = loopedInputs(node);
  const inputs = type?.inputs.filter(({ name }) => !looped.has(name)) ?? [];
  return {
    looped: type?.inputs.filter(({ name }) => loopedOver(node, name)) ?? [],
    links: inputs.filter(({ literal }) => !literal),
    literals: inputs.filter(({ literal }) => literal),
    others: inputsOf(node).filter(([name]) => !known.has(name)),
  };
}

/** The literals that a loop goes over for an input; undefined where it takes them from a node. */
export function loopedOver({ loop }: NodeData, input: string): readonly Json[] | undefined {
  if (typeof loop !== "object" || loop === null || Array.isArray(loop)) return undefined;
  const { each } = loop;
  if (typeof each !== "object" || each === null || Array.isArray(each)) return undefined;
  const values = each[input];
  return Array.isArray(values) && !values.some(referenceOf) ? values : undefined;
}

/** Inputs that a loop fills round by round. */
function loopedInputs({ loop }: NodeData): ReadonlySet<string> {
  if (typeof loop !== "object" || loop === null || Array.isArray(loop)) return new Set();
  const each = typeof loop.each === "object" && loop.each !== null ? Object.keys(loop.each) : [];
  return new Set([...each, ...(typeof loop.index === "string" ? [loop.index] : [])]);
}

function literalHeight(input: InputType, node: NodeData): number {
  if (referenceOf(node[input.name])) return ROW;
  if (input.input_file) return PICTURE;
  return input.multiline ? TEXT : ROW;
}

/** Roughly how high a node is, for arranging and for what is not drawn yet. */
export function heightOf(type: NodeType | undefined, node: NodeData, layout?: NodeLayout): number {
  if (layout?.collapsed || node.node === REROUTE) return HEADER;
  const { links, literals, others, looped } = rowsOf(type, node);
  const ports = Math.max(links.length, type?.outputs.length ?? 0) + others.length;
  const widgets = literals.reduce(
    (sum, input) => sum + literalHeight(input, node),
    looped.length * TEXT,
  );
  const picture = type?.output && type.inputs.some(({ type: t }) => t === "IMAGE") ? WIDTH : 0;
  return HEADER + ports * ROW + widgets + picture + 28;
}
