import { expect, test } from "vitest";
import { estimate } from "@/canvas/estimate";
import { FRAME, heightOf, ROW, WIDTH } from "@/canvas/rows";
import { type InputType, type NodeType, typeTable } from "@/types/nodeType";

const input = (name: string, more: Partial<InputType> = {}): InputType => ({
  name,
  type: "INT",
  required: true,
  optional: false,
  description: "",
  multiline: false,
  seed: false,
  colour: false,
  input_file: false,
  literal: true,
  ...more,
});
const TYPE: NodeType = {
  id: "T",
  display_name: "T",
  category: "",
  version: 1,
  description: "",
  output: false,
  plugin: "",
  inputs: [
    input("image", { literal: false }),
    input("text", { multiline: true }),
    input("steps"),
    input("seed"),
  ],
  outputs: ["A", "B"].map((name) => ({ name, type: "X" })),
};
const ports = (...args: Parameters<typeof estimate>): { [id: string]: { x: number; y: number } } =>
  Object.fromEntries((estimate(...args).handles ?? []).map(({ id, x, y }) => [id, { x, y }]));

test("every port has a place, in the order of the rows", () => {
  const node = { node: "T", image: "$a", loop: { each: { seed: "$b" } } };
  const found = ports(TYPE, node, undefined);
  expect(Object.keys(found).sort()).toEqual(["A", "B", "image", "seed", "steps", "text"]);
  expect(found.image?.y).toBe(found.A?.y);
  expect(found.A?.x).toBe(WIDTH);
  expect(found.seed?.y).toBe((found.B?.y ?? 0) + ROW);
  expect((found.steps?.y ?? 0) - (found.text?.y ?? 0)).toBeGreaterThan(2 * ROW);
  for (const { y } of Object.values(found)) expect(y).toBeLessThan(heightOf(TYPE, node));
});

test("a plugin's widget has room before it is drawn", () => {
  const inputs = [input("dial", { type: "DIAL" })];
  const kinds = { DIAL: { colour: "", widget: "dial/dial.js" } };
  const heights = [kinds, {}].map((types) => {
    const nodes = [{ ...TYPE, inputs }];
    const table = typeTable({ digest: "", accepts: [], aliases: {}, types, nodes });
    const type = table.byId.get("T");
    return [heightOf(type, { node: "T" }), heightOf(type, { node: "T", dial: "$other" })];
  });
  const [[framed = 0, linked] = [], [plain = 0, other] = []] = heights;
  expect(framed - plain).toBe(FRAME);
  expect(linked).toBe(other);
});

test("a folded node has what is linked on its head, a wide one its outputs at its edge", () => {
  const place = { x: 0, y: 0, collapsed: true, w: 300 };
  const found = ports(TYPE, { node: "T", image: "$a", text: "$b" }, place);
  expect(Object.keys(found).sort()).toEqual(["A", "B", "image", "text"]);
  expect(new Set(Object.values(found).map(({ y }) => y)).size).toBe(1);
  expect(found.B?.x).toBe(300);
});
