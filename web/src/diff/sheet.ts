/** One graph of two documents as it is drawn: all nodes and links of both, each with its sign. */

import { WIDTH } from "@/canvas/rows";
import { type Aligned, entriesOf, type GraphChange, type Sign } from "@/document/difference";
import { type Link, linksOf } from "@/document/links";
import { referenceOf, sourceOf } from "@/document/reference";
import {
  GROUP,
  type Graph,
  type GroupLayout,
  graphAt,
  INPUTS,
  type Json,
  NOTE,
  type NodeData,
  type NoteLayout,
  OWN_KEYS,
  type Place,
  type Scope,
  titleOf,
  type Workflow,
} from "@/document/workflow";
import { type NodeType, outputOf } from "@/types/nodeType";

/** A subgraph's outputs as a node; no name of a node has a colon. */
export const OUTPUTS = "outputs:";

type Mark = { sign?: Sign };
export type DrawnPort = Mark & { name: string; type: string };
/** `linked` where a link gives the value before or after. */
export type DrawnValue = Mark & {
  name: string;
  type: string;
  linked: boolean;
  before?: Json;
  after?: Json;
};
export type DrawnNode = Mark & {
  id: string;
  title: string;
  /** Its type's name, and that before where it is another. */
  kind: string;
  kindBefore?: string;
  was?: string;
  inputs: DrawnPort[];
  outputs: DrawnPort[];
  values: DrawnValue[];
  place?: Place;
  width: number;
};
export type DrawnLink = Mark & {
  id: string;
  source: string;
  output: string;
  target: string;
  input: string;
  type: string;
};
/** A group or a note, where it stands in its document. */
export type DrawnFrame = Mark & {
  id: string;
  kind: "group" | "note";
  box: Place & { w: number; h: number };
  colour?: string;
  /** Its title or text; `before` where that was another. */
  text: string;
  before?: string;
};
export type Sheet = { nodes: DrawnNode[]; links: DrawnLink[]; frames: DrawnFrame[] };

type Frame = GroupLayout | NoteLayout | undefined;

type TypeOf = (document: Workflow, id: string) => NodeType | undefined;

/** What a node shows where it differs, though it is no input. */
const SHOWN_KEYS = new Set(["title", "bypass", "mute"]);

function signOf(before: unknown, after: unknown): Sign | undefined {
  return before === undefined ? "added" : after === undefined ? "removed" : undefined;
}

const marked = (sign: Sign | undefined): Mark => (sign ? { sign } : {});

/** The members of two lists by a key, those of the second first. */
function union<T>(before: readonly T[], after: readonly T[], key: (one: T) => string): T[] {
  const names = new Set(after.map(key));
  return [...after, ...before.filter((one) => !names.has(key(one)))];
}

function portsOf(before: DrawnPort[], after: DrawnPort[], alone: boolean): DrawnPort[] {
  const [old, now] = [new Set(before.map((p) => p.name)), new Set(after.map((p) => p.name))];
  return union(before, after, ({ name }) => name).map((port) =>
    alone
      ? port
      : {
          ...port,
          ...marked(!old.has(port.name) ? "added" : !now.has(port.name) ? "removed" : undefined),
        },
  );
}

/** A node of both documents, or of one of them. */
function drawn(
  name: string,
  [old, now]: [NodeData | undefined, NodeData | undefined],
  [oldType, nowType]: [NodeType | undefined, NodeType | undefined],
  change: GraphChange["nodes"][number] | undefined,
): Omit<DrawnNode, "place" | "width"> {
  const node = now ?? (old as NodeData);
  const changes = new Map(change?.changes.map((one) => [one.key, one]));
  const alone = !old || !now;
  const types = [oldType, nowType].flatMap((type) => type?.inputs ?? []);
  const portOnly = new Set(types.filter(({ literal }) => !literal).map((input) => input.name));
  const [was, is] = [old && entriesOf(old), now && entriesOf(now)];
  const given = (side: NodeType | undefined): DrawnPort[] =>
    (side?.inputs ?? [])
      .filter(({ literal }) => !literal)
      .map(({ name, type }) => ({ name, type }));
  const inputs = portsOf(given(oldType), given(nowType), alone).map((port) => {
    const touched = !alone && !port.sign && changes.get(port.name);
    return touched ? { ...port, sign: signOf(touched.before, touched.after) ?? "changed" } : port;
  });
  const outputs = portsOf(oldType?.outputs ?? [], nowType?.outputs ?? [], alone);
  const keys = [...new Set([...(is?.keys() ?? []), ...(was?.keys() ?? [])])].filter(
    (key) =>
      !portOnly.has(key) && (!OWN_KEYS.has(key) || (SHOWN_KEYS.has(key) && changes.has(key))),
  );
  const values = keys.map((key): DrawnValue => {
    const [before, after] = [was?.get(key), is?.get(key)];
    const own = types.find((input) => input.name === key);
    const touched = !alone && changes.has(key);
    return {
      name: key,
      type: own?.type ?? "*",
      linked: [before, after].some((value) => referenceOf(value) !== undefined),
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      ...marked(touched ? (signOf(before, after) ?? "changed") : undefined),
    };
  });
  const kind = (type: NodeType | undefined, data: NodeData) => type?.display_name ?? data.node;
  return {
    id: name,
    title: titleOf(name, node),
    kind: kind(now ? nowType : oldType, node),
    ...(old && now && old.node !== now.node ? { kindBefore: kind(oldType, old) } : {}),
    ...(change?.was === undefined ? {} : { was: change.was }),
    ...marked(change?.sign),
    inputs,
    outputs,
    values,
  };
}

/** The two nodes on a subgraph's canvas that are its inputs and its outputs. */
function ends(before: Graph, after: Graph, change: GraphChange | undefined): DrawnNode[] {
  const side = (section: "inputs" | "outputs", id: string): DrawnNode => {
    const names = (graph: Graph): DrawnPort[] =>
      Object.keys(graph[section] ?? {}).map((name) => ({ name, type: "*" }));
    const ports = portsOf(names(before), names(after), change?.sign !== "changed");
    const touched = change?.about.filter(({ key }) => key.startsWith(`${section}.`)) ?? [];
    const place = (after.layout ?? before.layout)?.ends?.[section];
    return {
      id,
      title: section,
      kind: "",
      ...marked(touched.length > 0 ? (change?.sign ?? "changed") : undefined),
      inputs: section === "outputs" ? ports : [],
      outputs: section === "inputs" ? ports : [],
      values: [],
      width: 160,
      ...(place ? { place } : {}),
    };
  };
  return [side("inputs", INPUTS), side("outputs", OUTPUTS)];
}

/** Links with what a subgraph gives to the outside. */
function allLinks(graph: Graph, inside: boolean): Link[] {
  const given = Object.entries(inside ? (graph.outputs ?? {}) : {}).flatMap(([input, value]) => {
    const from = sourceOf(value);
    return from
      ? [{ source: from.node, output: from.output, target: OUTPUTS, input, slot: [input] }]
      : [];
  });
  return [...linksOf(graph), ...given];
}

function linksIn(
  document: Workflow,
  graph: Graph,
  inside: boolean,
  typeOf: TypeOf,
): Map<string, DrawnLink> {
  const links = allLinks(graph, inside).flatMap((link): [string, DrawnLink][] => {
    const from = graph.nodes[link.source];
    if (!from && !(inside && link.source === INPUTS)) return [];
    const outputs = (from && typeOf(document, from.node)?.outputs) || [];
    const output = from ? outputOf(outputs, link.output) : (link.output ?? "");
    const type = outputs.find(({ name }) => name === output)?.type ?? "*";
    const { source, target, slot } = link;
    const input =
      slot[0] === "loop" && slot[1] !== "times" ? `loop.each.${link.input}` : link.input;
    const id = `${source}.${output}>${target}.${slot.join(".")}`;
    return [[id, { id, source, output, target, input, type }]];
  });
  return new Map(links);
}

/** Where a node that is gone stood, seen from what stands near it now. */
function shifted(place: Place, before: Graph, after: Graph): Place {
  const [old, now] = [before.layout?.nodes ?? {}, after.layout?.nodes ?? {}];
  let nearest = Number.POSITIVE_INFINITY;
  let shift = { x: 0, y: 0 };
  for (const [name, one] of Object.entries(old)) {
    const other = now[name];
    const distance = Math.hypot(one.x - place.x, one.y - place.y);
    if (!other || distance >= nearest) continue;
    nearest = distance;
    shift = { x: other.x - one.x, y: other.y - one.y };
  }
  return { x: place.x + shift.x, y: place.y + shift.y };
}

/** What is drawn of a graph; without `change` nothing in it differs. */
export function sheetOf(
  { before, after }: Aligned,
  scope: Scope,
  change: GraphChange | undefined,
  typeOf: TypeOf,
): Sheet {
  const [old, now] = [graphAt(before, scope), graphAt(after, scope)];
  const inside = scope.length > 0;
  const changes = new Map(change?.nodes.map((one) => [one.node, one]));
  const names = new Set([...Object.keys(now.nodes), ...Object.keys(old.nodes)]);
  const nodes = [...names].map((name): DrawnNode => {
    const [was, is] = [old.nodes[name], now.nodes[name]];
    const types: [NodeType | undefined, NodeType | undefined] = [
      was && typeOf(before, was.node),
      is && typeOf(after, is.node),
    ];
    const own = now.layout?.nodes?.[name];
    const past = old.layout?.nodes?.[name];
    const place = is ? (own ?? past) : past && shifted(past, old, now);
    return {
      ...drawn(name, [was, is], types, changes.get(name)),
      width: (own ?? past)?.w ?? WIDTH,
      ...(place ? { place: { x: place.x, y: place.y } } : {}),
    };
  });
  const [gone, here] = [linksIn(before, old, inside, typeOf), linksIn(after, now, inside, typeOf)];
  const links = [...new Map([...gone, ...here])].map(([id, link]): DrawnLink => {
    const sign = signOf(gone.get(id), here.get(id));
    return { ...link, ...marked(change ? sign : undefined) };
  });
  const all = inside ? [...nodes, ...ends(old, now, change)] : nodes;
  const frames = framesOf(old, now, change);
  return { nodes: all.map((node) => withPorts(node, links)), links, frames };
}

function framesOf(old: Graph, now: Graph, change: GraphChange | undefined): DrawnFrame[] {
  const changes = new Map(change?.nodes.map((one) => [one.node, one]));
  const frame = (id: string, kind: DrawnFrame["kind"], was: Frame, is: Frame): DrawnFrame[] => {
    const one = is ?? was;
    if (!one) return [];
    const text = (of: Frame) => of && ("title" in of ? of.title : of.text);
    const [before, after] = [text(was), text(one) ?? ""];
    const colour = "colour" in one ? one.colour : undefined;
    return [
      {
        id,
        kind,
        box: one,
        text: after,
        ...(colour === undefined ? {} : { colour }),
        ...(before === undefined || before === after ? {} : { before }),
        ...marked(changes.get(id)?.sign),
      },
    ];
  };
  const ids = (kind: "groups" | "notes") =>
    union(Object.keys(old.layout?.[kind] ?? {}), Object.keys(now.layout?.[kind] ?? {}), (id) => id);
  const { groups: oldGroups, notes: oldNotes } = old.layout ?? {};
  const { groups, notes } = now.layout ?? {};
  return [
    ...ids("groups").flatMap((id) => frame(GROUP + id, "group", oldGroups?.[id], groups?.[id])),
    ...ids("notes").flatMap((id) => frame(NOTE + id, "note", oldNotes?.[id], notes?.[id])),
  ];
}

/** A node with ports for all its links, also those that its type does not know. */
function withPorts(node: DrawnNode, links: readonly DrawnLink[]): DrawnNode {
  const missing = (known: readonly { name: string }[], wanted: string[]): DrawnPort[] => {
    const names = new Set(known.map(({ name }) => name));
    return [...new Set(wanted)].filter((n) => !names.has(n)).map((name) => ({ name, type: "*" }));
  };
  const into = links.filter(({ target }) => target === node.id).map(({ input }) => input);
  const from = links.filter(({ source }) => source === node.id).map(({ output }) => output);
  return {
    ...node,
    inputs: [...node.inputs, ...missing([...node.inputs, ...node.values], into)],
    outputs: [...node.outputs, ...missing(node.outputs, from)],
  };
}
