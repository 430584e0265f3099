import { describe, expect, test } from "vitest";
import { copy, paste } from "@/document/clipboard";
import { connect, disconnect, insertIntoLink, removeNodes, renameNode } from "@/document/edit";
import { linksOf, slotOf, slotsOf, TIMES, withSlot } from "@/document/links";
import { apply, invert } from "@/document/operation";
import { type Graph, ROOT, type Workflow } from "@/document/workflow";

const WORKFLOW: Workflow = {
  nodeflow: 1,
  nodes: {
    seeds: { node: "IntRange" },
    a: { node: "A" },
    b: { node: "B" },
    looped: {
      node: "Draw",
      loop: { each: { seed: "$seeds", image: ["$a", "$b.OUT"], cfg: [1, 2] } },
      model: "$a",
      inputs: { title: "$b" },
    },
    counted: { node: "Draw", loop: { times: "$a.n" } },
  },
};

const drawn = (graph: Graph) =>
  linksOf(graph).map(({ source, target, input, slot }) => `${source}>${target}.${input} ${slot}`);

test("what a loop goes over is linked to the node's ports like any input", () => {
  expect(drawn(WORKFLOW)).toEqual([
    "a>looped.model model",
    "b>looped.title inputs,title",
    "seeds>looped.seed loop,each,seed",
    "a>looped.image loop,each,image,0",
    "b>looped.image loop,each,image,1",
    `a>counted.${TIMES} loop,times`,
  ]);
  for (const [name, node] of Object.entries(WORKFLOW.nodes))
    for (const link of linksOf(WORKFLOW).filter(({ target }) => target === name))
      expect(link.slot.slice(0, slotOf(node, link.input).length)).toEqual(slotOf(node, link.input));
});

describe("edits reach into loops", () => {
  const changed = (patches: Parameters<typeof apply>[1]) => {
    const after = apply(WORKFLOW, patches);
    expect(apply(after, invert(patches))).toEqual(WORKFLOW);
    return after.nodes;
  };

  test("another name", () => {
    const { looped } = changed(renameNode(WORKFLOW, ROOT, "b", "second").patches);
    expect(looped?.loop).toEqual({
      each: { seed: "$seeds", image: ["$a", "$second.OUT"], cfg: [1, 2] },
    });
    expect(looped?.inputs).toEqual({ title: "$second" });
  });

  test("a node removed takes its items along, and a loop over nothing goes", () => {
    const { looped, counted } = changed(removeNodes(WORKFLOW, ROOT, ["a", "b"]).patches);
    expect(looped?.loop).toEqual({ each: { seed: "$seeds", cfg: [1, 2] } });
    expect(counted).toEqual({ node: "Draw" });
  });

  test("a link cut leaves the input's default", () => {
    const end = { node: "looped", port: "seed" };
    const { looped } = changed(disconnect(WORKFLOW, ROOT, end, 7).patches);
    expect(looped?.seed).toBe(7);
    expect(looped?.loop).toEqual({ each: { image: ["$a", "$b.OUT"], cfg: [1, 2] } });
    const item = { node: "looped", port: "image", slot: ["loop", "each", "image", "0"] };
    const nodes = changed(disconnect(WORKFLOW, ROOT, item).patches);
    expect(nodes.looped?.loop).toMatchObject({ each: { image: ["$b.OUT"] } });
  });

  test("a link drawn to the port of a loop is what the loop goes over", () => {
    const to = { node: "looped", port: "seed" };
    const { looped } = changed(connect(WORKFLOW, ROOT, { node: "b", port: "" }, to, true).patches);
    expect(looped?.loop).toMatchObject({ each: { seed: "$b" } });
    expect(looped?.seed).toBeUndefined();
  });

  test("a node goes between", () => {
    const to = { node: "looped", port: "seed" };
    const nodes = changed(insertIntoLink(WORKFLOW, ROOT, "b", to, "in", undefined).patches);
    expect(nodes.b?.in).toBe("$seeds");
    expect(nodes.looped?.loop).toMatchObject({ each: { seed: "$b" } });
  });

  test("a copy loops over the copies", () => {
    const clip = copy(WORKFLOW, ROOT, { nodes: ["seeds", "looped"] });
    const { edit } = paste(WORKFLOW, ROOT, clip, { x: 0, y: 0 }, false);
    const after = apply(WORKFLOW, edit.patches);
    expect(after.nodes.looped_2?.loop).toEqual({ each: { seed: "$seeds_2", cfg: [1, 2] } });
    expect(after.nodes.looped_2?.model).toBeUndefined();
  });
});

test("a slot is changed without touching its neighbours", () => {
  const node = WORKFLOW.nodes.looped;
  if (!node) throw new Error("none");
  const next = withSlot(node, ["loop", "each", "image", "1"], "$a");
  expect(slotsOf(next).filter(([slot]) => slot[2] === "image")).toEqual([
    [["loop", "each", "image", "0"], "$a"],
    [["loop", "each", "image", "1"], "$a"],
  ]);
  expect(node.loop).toBe(WORKFLOW.nodes.looped?.loop);
});
