import { describe, expect, test } from "vitest";
import { align, spread } from "@/canvas/aligning";
import { origin } from "@/document/reference";
import { en } from "@/language/en";
import { zh } from "@/language/zh";
import { completed, wantedAt } from "@/text/completion";
import { readList, writeList } from "@/text/list";

describe("boxes in line", () => {
  const boxes = [
    { name: "a", x: 0, y: 0, width: 100, height: 50 },
    { name: "b", x: 40, y: 80, width: 20, height: 30 },
    { name: "c", x: 300, y: 400, width: 60, height: 10 },
  ];
  test.each([
    ["left", "x", [0, 0, 0]],
    ["right", "x", [260, 340, 300]],
    ["centre", "x", [130, 170, 150]],
    ["top", "y", [0, 0, 0]],
    ["bottom", "y", [360, 380, 400]],
    ["middle", "y", [180, 190, 200]],
  ] as const)("%s", (line, axis, values) => {
    const places = align(boxes, line);
    expect(boxes.map(({ name }) => places[name]?.[axis])).toEqual(values);
    const other = axis === "x" ? "y" : "x";
    expect(boxes.map(({ name }) => places[name]?.[other])).toEqual(boxes.map((box) => box[other]));
  });

  test("equal gaps, whatever the sizes; the outer two stay", () => {
    expect(spread(boxes, "x")).toEqual({
      a: { x: 0, y: 0 },
      b: { x: 190, y: 80 },
      c: { x: 300, y: 400 },
    });
    expect(spread(boxes.slice(0, 2), "y")).toEqual({});
  });
});

test("a link through bends has the type of what it comes from", () => {
  const graph = {
    nodes: {
      load: { node: "Load" },
      one: { node: "Reroute", value: "$load.VAE" },
      two: { node: "Reroute", value: "$one" },
      ring: { node: "Reroute", value: "$ring" },
    },
  };
  expect(origin(graph, "two", undefined)).toEqual({ node: "load", output: "VAE" });
  expect(origin(graph, "load", "MODEL")).toEqual({ node: "load", output: "MODEL" });
  expect(origin(graph, "ring", undefined).node).toBe("ring");
});

describe("names in prompts", () => {
  test.each([
    ["a cat, embedding:ba|", "embeddings", "ba"],
    ["a cat <lora:|", "loras", ""],
    ["(Embedding:x|:1.2)", "embeddings", "x"],
  ])("%s", (text, kind, typed) => {
    const caret = text.indexOf("|");
    expect(wantedAt(text.replace("|", ""), caret)).toMatchObject({ kind, typed });
  });
  test.each(["a cat|", "embedding: x|", "<lora:name:0.8|"])("%s is none", (text) =>
    expect(wantedAt(text.replace("|", ""), text.indexOf("|"))).toBeUndefined(),
  );
  test.each([
    ["embedding:ba|d, cat", "bad_hands", "embedding:bad_hands|, cat"],
    ["<lora:|", "fine", "<lora:fine:1>|"],
    ["<lora:x|:0.8>", "fine", "<lora:fine|:0.8>"],
  ])("%s takes %s", (text, name, after) => {
    const [plain, caret] = [text.replace("|", ""), text.indexOf("|")];
    const wanted = wantedAt(plain, caret);
    if (!wanted) throw new Error("none");
    const done = completed(plain, caret, wanted, name);
    expect(`${done.text.slice(0, done.caret)}|${done.text.slice(done.caret)}`).toBe(after);
  });
});

test("a list is written one value a line and read back", () => {
  const texts = ["a cat", "two\nlines", "back\\slash"];
  expect(writeList(texts).split("\n")).toHaveLength(3);
  expect(readList(writeList(texts), { type: "STRING" })).toEqual(texts);
  expect(readList("1\n\n2*3\nx", { type: "INT" })).toEqual([1, 6, "x"]);
  expect(readList("true\noff", { type: "BOOLEAN" })).toEqual([true, false]);
});

test("every word is said in both languages, with as many parts", () => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
  for (const [key, word] of Object.entries(zh)) {
    const original = en[key as keyof typeof en];
    expect(typeof word, key).toBe(typeof original);
    if (typeof word === "string") expect(word.trim(), key).not.toBe("");
    else expect(word.length, key).toBe((original as () => string).length);
  }
});
