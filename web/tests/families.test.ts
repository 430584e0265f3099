import { expect, test } from "vitest";
import type { Workflow } from "@/document/workflow";
import { familiesOf, fits, type Model, modelOptions, wholeModels } from "@/types/families";
import type { NodeType } from "@/types/nodeType";

const model = (name: string, ...families: string[]): Model => ({
  name,
  families,
  preview: false,
  trouble: "",
});
const CHECKPOINTS = [
  model("old.safetensors", "SD1"),
  model("xl/base.safetensors", "SDXL"),
  model("xl/refiner.safetensors", "REFINER"),
  model("strange.safetensors"),
];
const loader = { name: "ckpt_name", model_kind: "checkpoints", default: "old.safetensors" };
const TYPES: { [id: string]: NodeType } = {
  Load: { inputs: [loader] } as unknown as NodeType,
  Lora: { inputs: [{ name: "lora_name", model_kind: "loras" }] } as unknown as NodeType,
};
const wanted = (workflow: Omit<Workflow, "nodeflow">) =>
  [
    ...familiesOf(
      wholeModels({ nodeflow: 1, ...workflow }, (id) => TYPES[id]),
      { checkpoints: CHECKPOINTS },
    ),
  ].sort();

test("a workflow has the families of all models it loads, also in subgraphs", () => {
  const base = { node: "Load", ckpt_name: "xl/base" };
  const lora = { node: "Lora", lora_name: "a" };
  expect(wanted({ nodes: { base, lora } })).toEqual(["SDXL"]);
  const inner = { nodes: { second: { node: "Load", ckpt_name: "xl/refiner.safetensors" } } };
  expect(wanted({ nodes: { base, lora }, subgraphs: { inner } })).toEqual(["REFINER", "SDXL"]);
  expect(wanted({ nodes: { usual: { node: "Load" } } })).toEqual(["SD1"]);
});

test("where one model is not known, nothing is said", () => {
  const base = { node: "Load", ckpt_name: "xl/base.safetensors" };
  for (const name of ["strange.safetensors", "gone.safetensors", "$inputs.which"])
    expect(wanted({ nodes: { base, other: { node: "Load", ckpt_name: name } } })).toEqual([]);
  expect(wanted({ nodes: {} })).toEqual([]);
});

test("a model fits one of the families, or says none", () => {
  const xl = new Set(["SDXL", "REFINER"]);
  expect(fits(["REFINER"], xl)).toBe(true);
  expect(fits(["SD1"], xl)).toBe(false);
  expect(fits([], xl)).toBe(true);
  expect(fits(["SD1"], new Set())).toBe(true);
});

test("options keep their order and tell what is known", () => {
  const loras = [{ ...model("b", "SDXL"), preview: true }, model("a", "SD1")];
  const options = modelOptions(
    ["a", "b", "none"],
    loras,
    new Set(["SDXL"]),
    ({ name }) => `/${name}`,
  );
  expect(options).toEqual([
    { id: "a", label: "a", marks: ["SD1"], also: "SD1", picture: "", unfit: true },
    { id: "b", label: "b", marks: ["SDXL"], also: "SDXL", picture: "/b" },
    { id: "none", label: "none", picture: "" },
  ]);
  const [broken] = modelOptions(["a"], [{ ...model("a"), trouble: "no" }], new Set(), () => "/");
  expect(broken).toEqual({ id: "a", label: "a", trouble: "no" });
  const plain = modelOptions(["a"], [model("a", "REFINER")], new Set(), () => "/");
  expect(plain).toEqual([{ id: "a", label: "a", marks: ["Refiner"], also: "Refiner" }]);
});
