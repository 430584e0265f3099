import { describe, expect, test } from "vitest";
import { copy, paste, readClip } from "@/document/clipboard";
import { insertIntoLink, removeNodes, renameNode } from "@/document/edit";
import { nameFor, unique } from "@/document/names";
import { apply } from "@/document/operation";
import { literalOf, referenceOf, writeLiteral } from "@/document/reference";
import { ROOT, type Workflow } from "@/document/workflow";
import { accepts } from "@/types/compatible";
import { NO_TYPES } from "@/types/nodeType";

const WORKFLOW: Workflow = {
  nodeflow: 1,
  inputs: { value: "$a.x" },
  nodes: { a: { node: "A", x: 1 }, b: { node: "B", y: "$a" }, c: { node: "C", z: "$b.OUT" } },
  layout: { nodes: { a: { x: 0, y: 0 }, b: { x: 100, y: 50 } } },
};

describe("types", () => {
  const table = {
    ...NO_TYPES,
    accepts: [
      ["FLOAT", "INT"],
      ["COMBO", "STRING"],
    ] as const,
  };
  test.each([
    ["IMAGE", "IMAGE", true],
    ["IMAGE", "MASK", false],
    ["*", "MASK", true],
    ["FLOAT", "INT", true],
    ["INT", "FLOAT", false],
    ["IMAGE,MASK", "MASK", true],
    ["IMAGE", "IMAGE,MASK", false],
    ["list[FLOAT]", "list[INT]", true],
    ["list[IMAGE]", "IMAGE", false],
  ])("an input %s takes %s: %s", (target, source, fits) =>
    expect(accepts(table, target, source)).toBe(fits),
  );
});

describe("edits", () => {
  test("a node removed takes its links and exposed inputs along", () => {
    const after = apply(WORKFLOW, removeNodes(WORKFLOW, ROOT, ["a"]).patches);
    expect(after.nodes).toEqual({ b: { node: "B" }, c: { node: "C", z: "$b.OUT" } });
    expect(after.inputs).toEqual({});
    expect(after.layout?.nodes).toEqual({ b: { x: 100, y: 50 } });
  });

  test("a new name is followed everywhere and keeps the node's place", () => {
    const after = apply(WORKFLOW, renameNode(WORKFLOW, ROOT, "a", "first").patches);
    expect(Object.keys(after.nodes)).toEqual(["first", "b", "c"]);
    expect(after.nodes.b?.y).toBe("$first");
    expect(after.inputs).toEqual({ value: "$first.x" });
  });

  test("a node dropped on a link goes between", () => {
    const with_d = { ...WORKFLOW, nodes: { ...WORKFLOW.nodes, d: { node: "D" } } };
    const edit = insertIntoLink(with_d, ROOT, "d", { node: "c", port: "z" }, "in", "OUT");
    const after = apply(with_d, edit.patches);
    expect(after.nodes.d).toEqual({ node: "D", in: "$b.OUT" });
    expect(after.nodes.c?.z).toBe("$d.OUT");
  });

  test("a copy keeps the links inside; those from outside on demand", () => {
    const clip = copy(WORKFLOW, ROOT, { nodes: ["b", "c"] });
    const plain = paste(WORKFLOW, ROOT, clip, { x: 10, y: 10 }, false);
    const after = apply(WORKFLOW, plain.edit.patches);
    expect(plain.names).toEqual(["b_2", "c_2"]);
    expect(after.nodes.b_2).toEqual({ node: "B" });
    expect(after.nodes.c_2?.z).toBe("$b_2.OUT");
    const linked = paste(WORKFLOW, ROOT, clip, { x: 0, y: 0 }, true);
    expect(apply(WORKFLOW, linked.edit.patches).nodes.b_2?.y).toBe("$a");
  });

  test("a whole document is a clip, anything else is none", () => {
    expect(Object.keys(readClip(WORKFLOW)?.nodes ?? {})).toEqual(["a", "b", "c"]);
    expect(readClip({ nodes: [] })).toBeUndefined();
    expect(readClip("text")).toBeUndefined();
  });
});

test("names", () => {
  expect(nameFor("ImageScaleBy")).toBe("image_scale_by");
  expect(nameFor("VAEEncodeForInpaint")).toBe("vae_encode_for_inpaint");
  expect(unique("a", new Set(["a", "a_2"]))).toBe("a_3");
});

test("references and dollar signs", () => {
  expect(referenceOf("$a.OUT")).toEqual({ node: "a", output: "OUT" });
  expect(referenceOf("$$5")).toBeUndefined();
  expect(literalOf(writeLiteral("$5"))).toBe("$5");
});
