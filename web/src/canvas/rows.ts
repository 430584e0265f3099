/** What stands on a node, row by row, and how high that is before it is drawn. */

import type { Problem } from "@/api/shapes";
import { areaOf } from "@/area/box";
import { REROUTE, referenceOf } from "@/document/reference";
import type { NodeData, NodeLayout } from "@/document/workflow";
import { inputsOf, isMap, type Json, type JsonMap } from "@/document/workflow";
import type { InputType, NodeType } from "@/types/nodeType";

export const WIDTH = 232;
export const ROW = 24;
const HEADER = 32;
const TEXT = 86;
const PICTURE = 190;
const AREA = 182;
/** Of a plugin's module, until it says its own. */
export const FRAME = 120;

export type Rows = {
  /** Inputs that only links can fill. */
  links: InputType[];
  /** Inputs with a widget, which a link may replace. */
  literals: InputType[];
  /** Values the type does not know, kept for when it does. */
  others: [string, Json][];
  /** Inputs whose values, one for each round, stand in the node. */
  looped: InputType[];
  /** Inputs that take one item a round of what is linked to them. */
  fed: InputType[];
  /** What is linked to the loop's number of rounds. */
  times: string | undefined;
};

export function rowsOf(type: NodeType | undefined, node: NodeData): Rows {
  const known = new Set(type?.inputs.map(({ name }) => name));
  const { each, index, times } = loopOf(node);
  const inLoop = new Set([...Object.keys(each), index]);
  const inputs = type?.inputs.filter(({ name }) => !inLoop.has(name)) ?? [];
  const over = type?.inputs.filter(({ name }) => Object.hasOwn(each, name)) ?? [];
  return {
    looped: over.filter(({ name }) => loopedOver(node, name)),
    fed: over.filter(({ name }) => !loopedOver(node, name)),
    times: referenceOf(times) ? String(times) : undefined,
    links: inputs.filter(({ literal }) => !literal),
    literals: inputs.filter(({ literal }) => literal),
    others: inputsOf(node).filter(([name]) => !known.has(name)),
  };
}

/** The literals that a loop goes over for an input; undefined where it takes them from a node. */
export function loopedOver(node: NodeData, input: string): readonly Json[] | undefined {
  const values = loopOf(node).each[input];
  return Array.isArray(values) && !values.some(referenceOf) ? values : undefined;
}

/** A node's loop: what it goes over by input, the input that is told the round, and how often. */
export function loopOf({ loop }: NodeData): {
  each: JsonMap;
  index: string;
  times: Json | undefined;
} {
  if (!isMap(loop)) return { each: {}, index: "", times: undefined };
  const { each, index, times } = loop;
  return { each: isMap(each) ? each : {}, index: typeof index === "string" ? index : "", times };
}

export function literalHeight(input: InputType, node: NodeData): number {
  if (referenceOf(node[input.name])) return ROW;
  if (input.framed) return ROW + FRAME;
  if (input.input_file) return PICTURE;
  return input.multiline ? TEXT : ROW;
}

/** What is said at a node of an unknown type: that its values are kept, and the problem with its choices. */
const UNKNOWN = 116;

/** So many signs of a problem stand on a line of a node, whose height is ROOM. */
const SIGNS = 28;
const ROOM = 18;

/** Roughly how high what is said of a problem is. */
export function problemHeight({ message, input, expected, hint, nearest = [] }: Problem): number {
  const choices = nearest.length > 0 ? ["?", ...nearest].join(" ") : expected;
  const parts = [`${input ?? ""}: ${message}`, choices, hint].filter(Boolean);
  const lines = parts.map((part = "") => Math.ceil(part.length / SIGNS));
  return 12 + ROOM * lines.reduce((sum, count) => sum + count, 0);
}

/** Roughly how high a node is, for arranging and for what is not drawn yet. */
export function heightOf(type: NodeType | undefined, node: NodeData, layout?: NodeLayout): number {
  if (layout?.collapsed || node.node === REROUTE) return HEADER;
  const { links, literals, others, looped, fed, times } = rowsOf(type, node);
  const ports = Math.max(links.length, type?.outputs.length ?? 0) + others.length + fed.length;
  const widgets = literals.reduce(
    (sum, input) => sum + literalHeight(input, node),
    looped.length * TEXT,
  );
  const picture = type?.output && type.inputs.some(({ type: t }) => t === "IMAGE") ? WIDTH : 0;
  const rounds = times ? ROW : 0;
  const area = areaOf(type) ? AREA : 0;
  const unknown = type ? 0 : UNKNOWN;
  return HEADER + ports * ROW + rounds + widgets + area + picture + unknown + 28;
}
