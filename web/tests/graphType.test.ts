import { expect, test } from "vitest";
import { graphType } from "@/types/graphType";
import type { NodeType } from "@/types/nodeType";

const steps = {
  name: "steps",
  type: "INT",
  required: false,
  default: 20,
  min: 1,
  optional: false,
  description: "How many.",
  multiline: false,
  seed: false,
  colour: false,
  input_file: false,
  literal: true,
};
const SAMPLER = {
  id: "Sampler",
  inputs: [steps],
  outputs: [{ name: "LATENT", type: "LATENT" }],
} as unknown as NodeType;

test("a subgraph is a node type: inputs as they are used inside, outputs as they are made", () => {
  const graph = {
    inputs: { rounds: "INT", model: "MODEL", seed: { type: "INT", default: 7 } },
    outputs: { out: "$s", named: { from: "$s", type: "IMAGE" } },
    nodes: { s: { node: "Sampler", steps: "$inputs.rounds" } },
  };
  const type = graphType("draw", graph, (id) => (id === "Sampler" ? SAMPLER : undefined));
  expect(type.inputs.map(({ name, literal }) => [name, literal])).toEqual([
    ["rounds", true],
    ["model", false],
    ["seed", true],
  ]);
  expect(type.inputs[0]).toMatchObject({ type: "INT", min: 1, default: 20, required: true });
  expect(type.inputs[2]).toMatchObject({ default: 7, required: false });
  expect(type.outputs).toEqual([
    { name: "out", type: "LATENT" },
    { name: "named", type: "IMAGE" },
  ]);
});
