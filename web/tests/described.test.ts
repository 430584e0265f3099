import { expect, test } from "vitest";
import { described, type NodeType, typeTable } from "@/types/nodeType";

const input = {
  name: "steps",
  type: "INT",
  required: true,
  optional: false,
  description: "how many",
};
const blur = { id: "Blur", description: "Softer.", inputs: [input], outputs: [] };
const sent = typeTable({
  digest: "",
  nodes: [blur as unknown as NodeType],
  types: {},
  accepts: [],
  aliases: {},
});

test("descriptions are told in other words, and the server's stay as they are", () => {
  const words: { [english: string]: string } = { "Softer.": "柔化。", "how many": "几步" };
  const table = described(sent, (english) => words[english] ?? english);
  expect(table.byId.get("Blur")?.description).toBe("柔化。");
  expect(table.byId.get("Blur")?.inputs[0]).toEqual({ ...input, description: "几步" });
  expect(sent.byId.get("Blur")?.inputs[0]?.description).toBe("how many");
});
