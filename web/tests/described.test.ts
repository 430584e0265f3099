import { expect, test } from "vitest";
import { described, labelOf, type NodeType, tipOf, typeTable } from "@/types/nodeType";

const input = {
  name: "steps",
  type: "INT",
  required: true,
  optional: false,
  description: "how many",
};
const [image, loss] = [
  { name: "IMAGE", type: "IMAGE" },
  { name: "loss", type: "FLOAT" },
];
const blur = { id: "Blur", description: "Softer.", inputs: [input], outputs: [image, loss] };
const sent = typeTable({
  digest: "",
  nodes: [blur as unknown as NodeType],
  types: {},
  accepts: [],
  aliases: {},
});

test("descriptions and ports are told in other words, and the server's stay as they are", () => {
  const words: { [english: string]: string } = { "Softer.": "柔化。", "how many": "几步" };
  const names: { [port: string]: string } = { steps: "步数", loss: "损失" };
  const table = described(
    sent,
    (english) => words[english] ?? english,
    (port) => names[port],
  );
  const told = table.byId.get("Blur") as NodeType;
  expect(told.description).toBe("柔化。");
  expect(told.inputs).toEqual([{ ...input, label: "步数", description: "几步" }]);
  expect(told.outputs.map(labelOf)).toEqual(["IMAGE", "损失"]);
  expect(told.inputs.map(tipOf)).toEqual(["steps: 几步"]);
  expect(sent.byId.get("Blur")?.inputs.map(tipOf)).toEqual(["how many"]);
  expect(sent.byId.get("Blur")?.inputs[0]?.description).toBe("how many");
});
