import { describe, expect, test } from "vitest";
import { mendsOf } from "@/document/mend";
import { apply } from "@/document/operation";
import { type Json, ROOT, type Workflow } from "@/document/workflow";
import { sweepOf } from "@/sweep/grid";
import { countOf, MOST, readValues, strays } from "@/sweep/values";

describe("the grid of a sweep is put together from its runs", () => {
  const run = (id: string, index: number, value: Json, row?: number) => {
    const across = { node: "sampler", input: "seed", value, index };
    const down = { node: "words", input: "text", value: `text ${row}`, index: row ?? 0 };
    return { id, variant: { sweep: "s", across, down: row === undefined ? null : down } };
  };
  test("in one row, the newer of two at one place, nothing where one is gone", () => {
    const runs = [run("again", 0, 5), run("c", 3, "12345678901234567890"), run("a", 0, 5)];
    expect(sweepOf(runs)).toEqual({
      across: { node: "sampler", input: "seed", values: [5, "", "", "12345678901234567890"] },
      jobs: [["again", "", "", "c"]],
    });
  });
  test("in rows and columns", () => {
    const sweep = sweepOf([run("d", 1, 6, 1), run("b", 1, 6, 0), run("a", 0, 5, 0)]);
    expect(sweep?.down?.values).toEqual(["text 0", "text 1"]);
    expect(sweep?.jobs).toEqual([
      ["a", "b"],
      ["", "d"],
    ]);
  });
  test("no run of a sweep, no grid", () => {
    expect(sweepOf([])).toBeUndefined();
    expect(sweepOf([{ id: "a", variant: null }])).toBeUndefined();
  });
});

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
