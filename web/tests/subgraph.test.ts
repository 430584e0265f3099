import { describe, expect, test } from "vitest";
import { removeNodes, renameNode } from "@/document/edit";
import { promote, removeEnd, renameEnd } from "@/document/ends";
import { apply, type Edit, invert } from "@/document/operation";
import { between, makeSubgraph, unpack } from "@/document/subgraph";
import { follow, ROOT, type Workflow } from "@/document/workflow";
import type { NodeType } from "@/types/nodeType";

const input = (name: string, type: string, more = {}) => ({
  name,
  type,
  required: true,
  optional: false,
  description: "",
  multiline: false,
  seed: false,
  colour: false,
  input_file: false,
  literal: ["INT", "STRING"].includes(type),
  ...more,
});
const TYPES: { [id: string]: Partial<NodeType> } = {
  Load: {
    inputs: [],
    outputs: [
      { name: "MODEL", type: "MODEL" },
      { name: "VAE", type: "VAE" },
    ],
  },
  Text: { inputs: [input("text", "STRING")], outputs: [{ name: "WORDS", type: "WORDS" }] },
  Draw: {
    inputs: [
      input("model", "MODEL"),
      input("words", "WORDS"),
      input("steps", "INT", { default: 20 }),
    ],
    outputs: [{ name: "LATENT", type: "LATENT" }],
  },
  Look: {
    inputs: [input("samples", "LATENT"), input("vae", "VAE")],
    outputs: [{ name: "IMAGE", type: "IMAGE" }],
  },
  Save: { inputs: [input("images", "*")], outputs: [] },
};
const typeOf = (id: string) => TYPES[id] as NodeType | undefined;

const WORKFLOW: Workflow = {
  nodeflow: 1,
  inputs: { prompt: "$words.text", steps: "$draw.steps" },
  nodes: {
    load: { node: "Load" },
    words: { node: "Text", text: "a cat" },
    draw: { node: "Draw", model: "$load.MODEL", words: "$words" },
    look: { node: "Look", samples: "$draw", vae: "$load.VAE" },
    save: { node: "Save", images: "$look" },
  },
  layout: { nodes: { words: { x: 10, y: 20 }, draw: { x: 300, y: 0 }, look: { x: 600, y: 0 } } },
};

function done(workflow: Workflow, edit: Edit | undefined): Workflow {
  if (!edit) throw new Error("no edit");
  const result = apply(workflow, edit.patches);
  expect(apply(result, invert(edit.patches))).toEqual(workflow);
  return result;
}

const made = () =>
  done(WORKFLOW, makeSubgraph(WORKFLOW, ROOT, ["words", "draw", "look"], typeOf).edit);

describe("a selection becomes a subgraph", () => {
  test("what comes from outside and what the form shows are its inputs", () => {
    const { nodes, inputs, subgraphs, layout } = made();
    expect(nodes.part).toEqual({
      node: "part",
      model: "$load.MODEL",
      vae: "$load.VAE",
      prompt: "a cat",
    });
    expect(nodes.save).toEqual({ node: "Save", images: "$part.image" });
    expect(Object.keys(nodes)).toEqual(["load", "save", "part"]);
    expect(inputs).toEqual({ prompt: "$part.prompt", steps: "$part.steps" });
    expect(layout?.nodes?.part).toEqual({ x: 10, y: 0 });
    expect(subgraphs?.part).toEqual({
      inputs: {
        model: "MODEL",
        vae: "VAE",
        prompt: "STRING",
        steps: { type: "INT", default: 20 },
      },
      outputs: { image: "$look" },
      nodes: {
        words: { node: "Text", text: "$inputs.prompt" },
        draw: { node: "Draw", model: "$inputs.model", words: "$words", steps: "$inputs.steps" },
        look: { node: "Look", samples: "$draw", vae: "$inputs.vae" },
      },
      layout: WORKFLOW.layout,
    });
  });

  test("taken apart it is what it was, but for defaults that were not written", () => {
    const back = done(made(), unpack(made(), ROOT, "part")?.edit);
    const { draw, ...others } = WORKFLOW.nodes;
    expect(back.nodes).toEqual({ ...others, draw: { ...draw, steps: 20 } });
    expect(back.inputs).toEqual(WORKFLOW.inputs);
    expect(back.layout).toEqual(WORKFLOW.layout);
    expect(back.subgraphs).toEqual({});
  });

  test("a part whose ends nobody takes gives all of them", () => {
    const edit = makeSubgraph(WORKFLOW, ROOT, ["load"], typeOf).edit;
    expect(done(WORKFLOW, edit).subgraphs?.part?.outputs).toEqual({
      model: "$load.MODEL",
      vae: "$load.VAE",
    });
    const alone: Workflow = { nodeflow: 1, nodes: { words: { node: "Text", text: "x" } } };
    const { subgraphs } = done(alone, makeSubgraph(alone, ROOT, ["words"], typeOf).edit);
    expect(subgraphs?.part?.outputs).toEqual({ words: "$words" });
  });

  test("a subgraph in a subgraph takes the outer one's inputs and gives its outputs", () => {
    const scope = ["subgraphs", "part"];
    const { edit, instance } = makeSubgraph(made(), scope, ["draw", "look"], (id) =>
      id === "part" ? ({} as NodeType) : typeOf(id),
    );
    const { subgraphs } = done(made(), edit);
    expect(instance).toBe("part_2");
    expect(subgraphs?.part?.nodes.part_2).toEqual({
      node: "part_2",
      model: "$inputs.model",
      words: "$words",
      steps: "$inputs.steps",
      vae: "$inputs.vae",
    });
    expect(subgraphs?.part?.outputs).toEqual({ image: "$part_2.image" });
  });

  test("a node between two of them is told", () => {
    expect(between(WORKFLOW, new Set(["words", "look"]))).toBe("draw");
    expect(between(WORKFLOW, new Set(["words", "draw"]))).toBeUndefined();
  });
});

describe("the ends of a subgraph", () => {
  const scope = ["subgraphs", "part"];

  test("an input inside becomes one of the subgraph", () => {
    const start: Workflow = {
      nodeflow: 1,
      nodes: { one: { node: "part" } },
      subgraphs: { part: { nodes: { words: { node: "Text", text: "a cat" } } } },
    };
    const { subgraphs } = done(start, promote(start, scope, "words", "text", "STRING"));
    expect(subgraphs?.part).toEqual({
      nodes: { words: { node: "Text", text: "$inputs.text" } },
      inputs: { text: { type: "STRING", default: "a cat" } },
    });
  });

  test("a new name is followed inside, outside and in the form", () => {
    const named = done(made(), renameEnd(made(), scope, "inputs", "prompt", "wish"));
    expect(named.subgraphs?.part?.nodes.words?.text).toBe("$inputs.wish");
    expect(named.nodes.part).toMatchObject({ wish: "a cat" });
    expect(named.inputs?.prompt).toBe("$part.wish");
    const output = done(made(), renameEnd(made(), scope, "outputs", "image", "picture"));
    expect(output.nodes.save?.images).toBe("$part.picture");
  });

  test("one that goes leaves its default inside and nothing outside", () => {
    const gone = done(made(), removeEnd(made(), scope, "inputs", "steps"));
    expect(gone.subgraphs?.part?.nodes.draw?.steps).toBe(20);
    expect(gone.inputs).toEqual({ prompt: "$part.prompt" });
    const output = done(made(), removeEnd(made(), scope, "outputs", "image"));
    expect(output.nodes.save).toEqual({ node: "Save" });
  });
});

test("names in loops and outputs are followed, and go with their node", () => {
  const looped: Workflow = {
    nodeflow: 1,
    nodes: {
      list: { node: "Text", text: "1" },
      many: { node: "part", loop: { each: { text: "$list" } } },
    },
    subgraphs: {
      part: { nodes: { a: { node: "Text" } }, outputs: { out: { from: "$a", type: "WORDS" } } },
    },
  };
  const named = done(looped, renameNode(looped, ROOT, "list", "texts"));
  expect(named.nodes.many?.loop).toEqual({ each: { text: "$texts" } });
  const inside = done(looped, renameNode(looped, ["subgraphs", "part"], "a", "b"));
  expect(inside.subgraphs?.part?.outputs).toEqual({ out: { from: "$b", type: "WORDS" } });
  const gone = done(looped, removeNodes(looped, ["subgraphs", "part"], ["a"]));
  expect(gone.subgraphs?.part?.outputs).toEqual({});
});

test("a way into subgraphs ends where there is none", () => {
  expect(follow(made(), ["part"])).toEqual([["subgraphs", "part"]]);
  expect(follow(made(), ["load", "part"])).toEqual([]);
});
