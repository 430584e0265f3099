/** What a node's box lies on: the picture or latent of the graph, its size, and the other boxes on it. */

import { type AreaSpec, areaOf, type Box, boxOf, type Size, shareOf } from "@/area/box";
import { type Link, linksOf } from "@/document/links";
import { literalOf, referenceOf } from "@/document/reference";
import { type Graph, type NodeData, titleOf } from "@/document/workflow";
import type { InputType, NodeType } from "@/types/nodeType";

export type TypeOf = (id: string) => NodeType | undefined;
/** Sizes of pictures in the input folder by name, as far as they are known. */
export type Sizes = { readonly [picture: string]: Size };

/** `root`: the node that decides the size. */
type Source = { root: string; size?: Size; picture?: string; wanted?: string };

export type Other = { node: string; label: string; share: Box };

export type Whole = {
  /** What the box is for. */
  label: string;
  /** The picture's size in the units of the inputs. */
  size: Size;
  /** Its width by its height. */
  aspect: number;
  /** Its size in pixels, where the graph tells it. */
  pixels?: Size;
  /** The file that it is. */
  picture?: string;
  /** A file whose size has to be known first. */
  wanted?: string;
  others: Other[];
};

const PICTURES: ReadonlySet<string> = new Set(["IMAGE", "LATENT", "MASK"]);

/** A number that an input has, also where a node of one value gives it. */
function numberOf(graph: Graph, typeOf: TypeOf, node: NodeData, input: string): number | undefined {
  const usual = typeOf(node.node)?.inputs.find(({ name }) => name === input)?.default;
  const value = node[input] ?? usual;
  const given = referenceOf(value);
  const found = given ? graph.nodes[given.node]?.value : literalOf(value);
  return typeof found === "number" ? found : undefined;
}

const pictureInputs = (type: NodeType | undefined) =>
  (type?.inputs ?? []).filter((input) => PICTURES.has(input.type));

/** Whether a node gives a picture as wide and high as its inputs say: empty ones, resized, cut. */
function saysSize(type: NodeType): boolean {
  const numbers = new Set(type.inputs.filter((i) => i.type === "INT").map(({ name }) => name));
  const pastes = numbers.has("x") && pictureInputs(type).length > 1;
  return numbers.has("width") && numbers.has("height") && !pastes;
}

/** The size that comes out of a node: as it says, or as comes in, grown or scaled. */
function sourceAt(
  graph: Graph,
  typeOf: TypeOf,
  name: string,
  sizes: Sizes,
  passed: ReadonlySet<string> = new Set(),
): Source | undefined {
  const node = graph.nodes[name];
  const type = node && typeOf(node.node);
  if (!node || !type || passed.has(name)) return undefined;
  const file = type.inputs.find(({ input_file }) => input_file);
  const picture = file && literalOf(node[file.name]);
  if (typeof picture === "string" && picture) {
    const size = sizes[picture];
    return { root: name, picture, ...(size ? { size } : { wanted: picture }) };
  }
  const linked = [...pictureInputs(type), ...type.inputs.filter((i) => i.type === "*")]
    .map((input) => referenceOf(node[input.name]))
    .find(Boolean);
  const before = linked && sourceAt(graph, typeOf, linked.node, sizes, new Set([...passed, name]));
  const number = (input: string) => numberOf(graph, typeOf, node, input);
  if (saysSize(type)) {
    const [width, height] = [number("width"), number("height")];
    if (width && height) return { root: name, size: { width, height } };
    if (!before?.size || width === undefined || height === undefined) return before;
    // One of the two is left to the shape of what comes in.
    const { size } = before;
    const scale = width ? width / size.width : height ? height / size.height : 1;
    return { ...before, size: scaled(size, scale) };
  }
  if (!before?.size) return before;
  const { size } = before;
  const factor = number("scale_by");
  if (factor) return { ...before, size: scaled(size, factor) };
  const grown = ["left", "top", "right", "bottom"].map(number);
  const [left, top, right, bottom] = grown;
  if (left !== undefined && top !== undefined && right !== undefined && bottom !== undefined)
    return {
      root: name,
      size: { width: size.width + left + right, height: size.height + top + bottom },
    };
  return before;
}

const scaled = ({ width, height }: Size, by: number): Size => ({
  width: Math.round(width * by),
  height: Math.round(height * by),
});

/** All nodes that a node leads to, the nearest first. */
export function nodesBelow(links: readonly Link[], from: string): string[] {
  const found = new Set([from]);
  // A set goes on to what is added while it is gone through.
  for (const name of found)
    for (const { source, target } of links) if (source === name) found.add(target);
  found.delete(from);
  return [...found];
}

/** What the first node that takes a latent takes. */
function latentBelow(graph: Graph, typeOf: TypeOf, from: string, links: readonly Link[]) {
  for (const name of nodesBelow(links, from)) {
    const node = graph.nodes[name];
    const latent = node && typeOf(node.node)?.inputs.find(({ type }) => type === "LATENT");
    const given = latent && referenceOf(node[latent.name]);
    if (given) return given.node;
  }
  return undefined;
}

/** What a node's box lies on: its own picture, or the latent that its prompt goes to. */
function sourceOfArea(
  graph: Graph,
  typeOf: TypeOf,
  name: string,
  sizes: Sizes,
  links: readonly Link[],
): Source | undefined {
  const node = graph.nodes[name];
  const own = pictureInputs(node && typeOf(node.node));
  const given = own.map((input) => referenceOf(node?.[input.name])).find(Boolean);
  const from = own.length > 0 ? given?.node : latentBelow(graph, typeOf, name, links);
  return from === undefined ? undefined : sourceAt(graph, typeOf, from, sizes);
}

/** The words of the prompt that a box is for, else the node's title. */
function labelOf(graph: Graph, typeOf: TypeOf, name: string): string {
  const seen = new Set<string>();
  let at: string | undefined = name;
  while (at !== undefined && !seen.has(at)) {
    seen.add(at);
    const node: NodeData | undefined = graph.nodes[at];
    const inputs: readonly InputType[] = (node && typeOf(node.node)?.inputs) ?? [];
    const words = inputs.find(({ type, multiline }) => type === "STRING" && multiline);
    const text = words && literalOf(node?.[words.name]);
    if (typeof text === "string" && text.trim() && !referenceOf(node?.[words?.name ?? ""]))
      return text.trim();
    const prompt: InputType | undefined = inputs.find(({ type }) => type === "CONDITIONING");
    at = prompt && referenceOf(node?.[prompt.name])?.node;
  }
  const node = graph.nodes[name];
  return node ? titleOf(name, node) : name;
}

/** How far the boxes of a picture of unknown size reach. */
function reach(boxes: readonly Box[]): Size {
  const far = (ends: number[]) => Math.max(1, ...ends);
  return {
    width: far(boxes.map(({ x, width }) => x + width)),
    height: far(boxes.map(({ y, height }) => y + height)),
  };
}

type Found = { node: string; spec: AreaSpec; box: Box; source: Source | undefined };

/** What a node's box lies on, with the other boxes there; undefined where the node has none. */
export function wholeOf(
  graph: Graph,
  typeOf: TypeOf,
  name: string,
  sizes: Sizes,
): Whole | undefined {
  const links = linksOf(graph);
  const areas = Object.entries(graph.nodes).flatMap(([node, data]): Found[] => {
    const spec = areaOf(typeOf(data.node));
    const box = spec && boxOf(spec, data);
    return spec && box
      ? [{ node, spec, box, source: sourceOfArea(graph, typeOf, node, sizes, links) }]
      : [];
  });
  const own = areas.find(({ node }) => node === name);
  if (!own) return undefined;
  const { source } = own;
  const beside = areas.filter((area) => area.node !== name && area.source?.root === source?.root);
  const inPixels = [own, ...beside].filter(({ spec }) => !spec.parts).map(({ box }) => box);
  const pixels = source?.size ?? (inPixels.length > 0 ? reach(inPixels) : { width: 1, height: 1 });
  const parts = { width: 1, height: 1 };
  return {
    label: labelOf(graph, typeOf, name),
    size: own.spec.parts ? parts : pixels,
    aspect: pixels.width / pixels.height,
    ...(source?.size ? { pixels: source.size } : {}),
    ...(source?.picture === undefined ? {} : { picture: source.picture }),
    ...(source?.wanted === undefined ? {} : { wanted: source.wanted }),
    others: beside.map(({ node, spec, box }) => ({
      node,
      label: labelOf(graph, typeOf, node),
      share: shareOf(box, spec.parts ? parts : pixels),
    })),
  };
}
