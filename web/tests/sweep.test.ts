import { describe, expect, test } from "vitest";
import { mendsOf } from "@/document/mend";
import { apply } from "@/document/operation";
import { ROOT, type Workflow } from "@/document/workflow";
import { countOf, MOST, readValues, strays } from "@/sweep/values";

describe("values of a sweep", () => {
  const int = { type: "INT" };
  test.each([
    ["1..4", [1, 2, 3, 4]],
    ["4..1", [4, 3, 2, 1]],
    ["2, 3,3, x, 5", [2, 3, 5]],
    ["0..1:0.25", [0, 0.25, 0.5, 0.75, 1]],
    ["0.1..0.5:0.1", [0.1, 0.2, 0.3, 0.4, 0.5]],
    ["1..2:0", []],
    ["", []],
  ])("%s", (text, values) => expect(readValues(text, int)).toEqual(values));
  test("what is no value is told", () => {
    expect(strays("1, two, 3.., 4..5", int)).toEqual(["two", "3.."]);
    expect(strays("a cat, black", { type: "STRING" })).toEqual([]);
  });
  test("more than a side takes is counted, not cut", () => {
    expect(countOf("1..100000", int)).toBe(100000);
    expect(readValues("1..100000", int)).toHaveLength(MOST + 1);
    const lines = Array.from({ length: 70 }, (_, i) => `a cat ${i}`).join("\n");
    expect(readValues(lines, { type: "STRING" })).toHaveLength(70);
  });
  test("a seed keeps its digits, and a word is no switch", () => {
    const seed = { type: "INT", max: 2 ** 64 };
    expect(readValues("9007199254740993", seed)).toEqual(["9007199254740993"]);
    expect(strays("true, perhaps", { type: "BOOLEAN" })).toEqual(["perhaps"]);
  });
  test("texts are lines, choices have commas", () => {
    expect(readValues("a cat, black\n\na dog", { type: "STRING" })).toEqual([
      "a cat, black",
      "a dog",
    ]);
    expect(readValues("euler, heun", { type: "COMBO", choices: ["euler", "heun"] })).toEqual([
      "euler",
      "heun",
    ]);
    expect(readValues("true, false", { type: "BOOLEAN" })).toEqual([true, false]);
  });
});

describe("mending", () => {
  const workflow: Workflow = { nodeflow: 1, nodes: { a: { node: "Sav", txt: 1, next: 2 } } };
  const mended = (problem: Parameters<typeof mendsOf>[0]) =>
    mendsOf(problem).map(({ edit }) => apply(workflow, edit(workflow, ROOT).patches).nodes.a);
  test("another type, an input's right name, another value", () => {
    const at = { message: "", node: "a" };
    expect(mended({ ...at, code: "unknown_node", nearest: ["Save"] })).toEqual([
      { node: "Save", txt: 1, next: 2 },
    ]);
    const [renamed] = mended({ ...at, code: "unknown_input", input: "txt", nearest: ["text"] });
    expect(JSON.stringify(renamed)).toBe('{"node":"Sav","text":1,"next":2}');
    expect(mended({ ...at, code: "missing_input", input: "model", nearest: ["$m"] })).toEqual([
      { node: "Sav", txt: 1, next: 2, model: "$m" },
    ]);
    expect(mended({ code: "cycle", message: "", nearest: ["x"] })).toEqual([]);
  });
});
