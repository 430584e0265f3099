/** Where nodes take references from, and the links that these are. */

import type { Draft } from "@/document/operation";
import { type Reference, referenceOf } from "@/document/reference";
import {
  type Graph,
  graphAt,
  inputsOf,
  isMap,
  type Json,
  type JsonMap,
  type NodeData,
  OWN_KEYS,
  type Scope,
} from "@/document/workflow";

/** A place in a node: `["image"]`, `["inputs", "title"]`, `["loop", "each", "seed", "2"]`. */
export type Slot = readonly string[];

/** The port of a loop's number of rounds; no input's name has a dot. */
export const TIMES = "loop.times";

const mapOf = (value: Json | undefined): JsonMap => (isMap(value) ? value : {});

/** A list's references stand each in a slot of their own. */
function items(slot: Slot, value: Json): [Slot, Json][] {
  if (!Array.isArray(value)) return [[slot, value]];
  const found = value.map((item, index): [Slot, Json] => [[...slot, String(index)], item]);
  return found.filter(([, item]) => referenceOf(item));
}

/** Every place of a node that may hold a reference: its inputs, and what its loop goes over. */
export function slotsOf(node: NodeData): [slot: Slot, value: Json][] {
  const loop = mapOf(node.loop);
  return [
    ...inputsOf(node).map(([key, value]): [Slot, Json] => [[key], value]),
    ...Object.entries(mapOf(node.inputs)).map(([key, v]): [Slot, Json] => [["inputs", key], v]),
    ...Object.entries(mapOf(loop.each)).flatMap(([key, v]) => items(["loop", "each", key], v)),
    ...(loop.times === undefined ? [] : [[["loop", "times"], loop.times] as [Slot, Json]]),
  ];
}

/** Where a port's value stands. */
export function slotOf(node: NodeData, port: string): Slot {
  if (port === TIMES) return ["loop", "times"];
  if (port in mapOf(mapOf(node.loop).each)) return ["loop", "each", port];
  return OWN_KEYS.has(port) || port in mapOf(node.inputs) ? ["inputs", port] : [port];
}

/** The port that shows a slot. */
export function portOf(slot: Slot): string {
  const [first, second, third] = slot;
  if (first === "inputs") return second ?? "";
  return first !== "loop" ? (first ?? "") : second === "times" ? TIMES : (third ?? "");
}

function put(holder: Json | undefined, slot: Slot, value: Json | undefined): Json {
  const [key = "", ...rest] = slot;
  if (Array.isArray(holder)) {
    const next = rest.length === 0 ? value : put(holder[Number(key)], rest, value);
    return holder.toSpliced(Number(key), 1, ...(next === undefined ? [] : [next]));
  }
  const map = mapOf(holder);
  const next = rest.length === 0 ? value : put(map[key], rest, value);
  if (next !== undefined) return { ...map, [key]: next };
  const { [key]: _, ...others } = map;
  return others;
}

/** A loop with nothing to go over is none. */
function settled(node: NodeData): NodeData {
  if (!isMap(node.loop)) return node;
  const each = Object.entries(mapOf(node.loop.each)).filter(
    ([, over]) => !Array.isArray(over) || over.length > 0,
  );
  const { each: _, ...others } = node.loop;
  const loop: JsonMap = each.length > 0 ? { ...others, each: Object.fromEntries(each) } : others;
  const { loop: __, ...plain } = node;
  return loop.each === undefined && loop.times === undefined
    ? (plain as NodeData)
    : { ...node, loop };
}

/** A node with another value, or none, in one of its slots. */
export function withSlot(node: NodeData, slot: Slot, value: Json | undefined): NodeData {
  const next = put(node, slot, value) as NodeData;
  return value === undefined && slot[0] === "loop" ? settled(next) : next;
}

/** The same as a step of an edit. */
export function setSlotIn(
  draft: Draft,
  scope: Scope,
  name: string,
  slot: Slot,
  value: Json | undefined,
): void {
  const node = graphAt(draft.document, scope).nodes[name];
  const key = slot[0];
  if (node && key !== undefined)
    draft.set([...scope, "nodes", name, key], withSlot(node, slot, value)[key]);
}

export type Link = {
  source: string;
  output: string | undefined;
  target: string;
  /** The port, and where the reference stands. */
  input: string;
  slot: Slot;
};

function linkOf({ node, output }: Reference, target: string, slot: Slot): Link {
  return { source: node, output, target, input: portOf(slot), slot };
}

export function linksInto(target: string, node: NodeData): Link[] {
  return slotsOf(node).flatMap(([slot, value]) => {
    const reference = referenceOf(value);
    return reference ? [linkOf(reference, target, slot)] : [];
  });
}

const links = new WeakMap<Graph["nodes"], readonly Link[]>();

/** All links between nodes, found once: a graph whose nodes were only moved has the same ones. */
export function linksOf({ nodes }: Graph): readonly Link[] {
  const known = links.get(nodes);
  if (known) return known;
  const found = Object.entries(nodes).flatMap(([target, node]) => linksInto(target, node));
  links.set(nodes, found);
  return found;
}
