/** YAML both ways. Saved over an old text, a document keeps that text's comments and order. */

import { type Document, isMap, isScalar, parseDocument, Scalar, YAMLMap } from "yaml";
import type { Json, JsonMap, Workflow } from "@/document/workflow";

export type Mistake = { message: string; line: number; column: number };

/** Where it is, and the lines around, which are told apart from the message. */
const PLACE = /( at line \d+, column \d+:)?(\n.*)?$/s;

export class YamlError extends Error {
  constructor(readonly mistakes: Mistake[]) {
    super(mistakes[0]?.message ?? "no YAML");
  }
}

function plain(value: unknown): Json {
  if (typeof value === "bigint")
    return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  return value as Json;
}

/** Whether an input of a type of node takes whole numbers. */
export type TakesWhole = (type: string, input: string) => boolean;

/** Data in which whole numbers beyond 2^53 are no text any more. */
type Written = Json | bigint | Written[] | { [key: string]: Written };

function isUnsafe(value: Json): value is string {
  return (
    typeof value === "string" && /^-?\d{16,}$/.test(value) && !Number.isSafeInteger(Number(value))
  );
}

function wholeIn(value: Json): Written {
  if (isUnsafe(value)) return BigInt(value);
  return Array.isArray(value) ? value.map(wholeIn) : value;
}

/** The values of a node's inputs by their names: the node, its `inputs`, its `loop.each`. */
function numbersIn(values: JsonMap, type: string, takes: TakesWhole): { [key: string]: Written } {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]): [string, Written] => {
      if ((key === "inputs" || key === "loop" || key === "each") && isData(value))
        return [key, numbersIn(value, type, takes)];
      return [key, takes(type, key) ? wholeIn(value) : value];
    }),
  );
}

function withNumbers<T extends { nodes: Workflow["nodes"] }>(graph: T, takes: TakesWhole): T {
  const nodes = Object.entries(graph.nodes).map(([name, node]) => [
    name,
    numbersIn(node, node.node, takes),
  ]);
  return { ...graph, nodes: Object.fromEntries(nodes) };
}

function numbered(workflow: Workflow, takes: TakesWhole): Workflow {
  const { subgraphs } = workflow;
  if (!subgraphs) return withNumbers(workflow, takes);
  const inner = Object.entries(subgraphs).map(([id, graph]) => [id, withNumbers(graph, takes)]);
  return { ...withNumbers(workflow, takes), subgraphs: Object.fromEntries(inner) };
}

function parse(text: string): Document.Parsed {
  const document = parseDocument(text, { intAsBigInt: true, prettyErrors: true });
  if (document.errors.length > 0)
    throw new YamlError(
      document.errors.map((error) => ({
        message: error.message.replace(PLACE, ""),
        line: error.linePos?.[0].line ?? 1,
        column: error.linePos?.[0].col ?? 1,
      })),
    );
  return document;
}

/** The workflow a text says. Throws YamlError. */
export function readYaml(text: string): Workflow {
  const data = plain(parse(text).toJS({ maxAliasCount: 100 }));
  const nodes = (data as JsonMap | null)?.nodes;
  if (typeof data !== "object" || data === null || Array.isArray(data) || !isData(nodes ?? {}))
    throw new YamlError([{ message: "this is no workflow", line: 1, column: 1 }]);
  return { nodeflow: 1, ...data, nodes: nodes ?? {} } as Workflow;
}

function isData(value: Json): value is JsonMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function same(left: Json | undefined, right: Json | undefined): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}

/** A node's mapping on one line where it is short, as people write it. */
function create(document: Document, value: Json, depth: number): unknown {
  const node = document.createNode(value, { aliasDuplicateObjects: false });
  if (isMap(node)) compact(node, depth);
  return node;
}

function compact(map: YAMLMap, depth: number): void {
  const short = JSON.stringify(plain(map.toJSON())).length <= 88 && depth >= 2;
  if (short && map.items.length > 0) map.flow = true;
  else for (const item of map.items) if (isMap(item.value)) compact(item.value, depth + 1);
  if (map.items.length === 0) map.flow = true;
}

function update(document: Document, map: YAMLMap, value: JsonMap, depth: number): void {
  const before = plain(map.toJS(document)) as JsonMap;
  for (const key of Object.keys(before)) if (!Object.hasOwn(value, key)) map.delete(key);
  for (const [key, after] of Object.entries(value)) {
    if (same(before[key], plain(after))) continue;
    const child = map.get(key, true) as unknown;
    if (isMap(child) && isData(after)) update(document, child, after, depth + 1);
    else if (isScalar(child) && !isData(after) && !Array.isArray(after)) setScalar(child, after);
    else map.set(key, create(document, after, depth + 1));
  }
}

function setScalar(scalar: Scalar, value: Json): void {
  if (typeof value !== "string" || typeof scalar.value !== "string") delete scalar.type;
  if (typeof value === "string" && value.includes("\n")) scalar.type = Scalar.BLOCK_LITERAL;
  else if (scalar.type === Scalar.BLOCK_LITERAL) delete scalar.type;
  scalar.value = value;
  delete scalar.source;
  delete scalar.format;
}

/** The text of a workflow; `old` is the text it was read from, whose comments it keeps. */
export function writeYaml(workflow: Workflow, takes: TakesWhole, old?: string): string {
  let document: Document = parseDocument("{}\n", { intAsBigInt: true });
  if (old !== undefined)
    try {
      document = parse(old);
    } catch {
      // A text that cannot be read has no comments to keep.
    }
  if (!isMap(document.contents)) document.contents = new YAMLMap() as never;
  const root = document.contents as unknown as YAMLMap;
  if (root.items.length === 0) root.flow = false;
  update(document, root, numbered(workflow, takes) as unknown as JsonMap, 0);
  return document.toString({ lineWidth: 100, flowCollectionPadding: false });
}
