import { describe, expect, test } from "vitest";
import { blocksOf, folded } from "@/diff/lines";
import { standing } from "@/diff/places";
import { sheetOf } from "@/diff/sheet";
import { align, difference } from "@/document/difference";
import type { Workflow } from "@/document/workflow";
import type { NodeType } from "@/types/nodeType";

const of = (before: Workflow, after: Workflow) => difference(align(before, after));
const BASE: Workflow = {
  nodeflow: 1,
  inputs: { value: "$a.x" },
  nodes: { a: { node: "A", x: 1 }, b: { node: "B", y: "$a" }, c: { node: "C", z: "$b" } },
  layout: { nodes: { a: { x: 0, y: 0 }, b: { x: 300, y: 0 }, c: { x: 600, y: 0 } } },
};
const withNodes = (nodes: Workflow["nodes"], more: Partial<Workflow> = {}): Workflow => ({
  ...BASE,
  nodes,
  ...more,
});

describe("the difference of two documents", () => {
  test("of a document to itself, to other places and to another order of keys is none", () => {
    expect(of(BASE, BASE)).toEqual([]);
    expect(of(BASE, { ...BASE, layout: { nodes: { a: { x: 9, y: 9 } } } })).toEqual([]);
    const turned = withNodes({ ...BASE.nodes, a: { x: 1, node: "A" } });
    expect(of(BASE, turned)).toEqual([]);
  });

  test("names values, types, modes and loops that changed", () => {
    const after = withNodes({
      ...BASE.nodes,
      a: { node: "A2", x: 2, bypass: true, loop: { times: 3, each: { x: [1, 2] } } },
    });
    expect(of(BASE, after)).toEqual([
      {
        scope: [],
        sign: "changed",
        about: [],
        nodes: [
          {
            node: "a",
            sign: "changed",
            changes: [
              { key: "node", before: "A", after: "A2" },
              { key: "x", before: 1, after: 2 },
              { key: "bypass", after: true },
              { key: "loop.each.x", after: [1, 2] },
              { key: "loop.times", after: 3 },
            ],
          },
        ],
      },
    ]);
  });

  test("a link is the same whichever way its output is written", () => {
    const outputs = () => [
      { name: "OUT", type: "INT" },
      { name: "MASK", type: "INT" },
    ];
    const written = (y: string) =>
      withNodes({ ...BASE.nodes, b: { node: "B", y } }, { inputs: { value: "$a.x" } });
    for (const y of ["$a", "$a.OUT", "$a.0"])
      expect(difference(align(BASE, written(y), outputs))).toEqual([]);
    expect(difference(align(BASE, written("$a.1"), outputs))).toHaveLength(1);
    expect(of(BASE, written("$a.OUT"))).toHaveLength(1);
  });

  test("groups and notes count by their words, where both documents have a layout", () => {
    const box = { x: 0, y: 0, w: 100, h: 100 };
    const laid = (layout: Workflow["layout"]): Workflow => ({ ...BASE, layout });
    const before = laid({ groups: { g: { ...box, title: "One" } }, notes: {} });
    const after = laid({
      groups: { g: { ...box, x: 50, title: "Two" } },
      notes: { n: { ...box, text: "hello" } },
    });
    expect(of(before, after)[0]?.nodes).toEqual([
      {
        node: "group:g",
        sign: "changed",
        changes: [{ key: "title", before: "One", after: "Two" }],
      },
      { node: "note:n", sign: "added", changes: [{ key: "text", after: "hello" }] },
    ]);
    expect(of(before, laid({ groups: { g: { ...box, x: 9, title: "One" } } }))).toEqual([]);
    const { layout: _, ...bare } = after;
    expect(of(bare, after)).toEqual([]);
    const aligned = align(before, after);
    const { frames } = sheetOf(aligned, [], difference(aligned)[0], () => undefined);
    expect(frames.map(({ id, sign, text, before: was }) => [id, sign, text, was])).toEqual([
      ["group:g", "changed", "Two", "One"],
      ["note:n", "added", "hello", undefined],
    ]);
  });

  test("a renamed node and all that takes from it is one change, over several names too", () => {
    const after = withNodes(
      {
        first: { node: "A", x: 1 },
        second: { node: "B", y: "$first" },
        c: { node: "C", z: "$second" },
      },
      { inputs: { value: "$first.x" } },
    );
    expect(of(BASE, after)).toEqual([
      {
        scope: [],
        sign: "changed",
        about: [],
        nodes: [
          { node: "first", sign: "changed", was: "a", changes: [] },
          { node: "second", sign: "changed", was: "b", changes: [] },
        ],
      },
    ]);
  });

  test("a node that is gone and another that came are two", () => {
    const { a: _, ...rest } = BASE.nodes;
    const [graph] = of(BASE, withNodes({ ...rest, d: { node: "A", x: 5 } }));
    expect(graph?.nodes).toEqual([
      { node: "d", sign: "added", changes: [{ key: "node", after: "A" }] },
      { node: "a", sign: "removed", changes: [{ key: "node", before: "A" }] },
    ]);
  });

  test("the inside of subgraphs and what the form shows count", () => {
    const inner = (steps: number) => ({ nodes: { k: { node: "K", steps } }, outputs: { o: "$k" } });
    const before = { ...BASE, subgraphs: { s: inner(1), old: inner(1) } };
    const after = { ...BASE, inputs: {}, subgraphs: { s: inner(2), new: inner(1) } };
    expect(of(before, after).map(({ scope, sign }) => [scope[1], sign])).toEqual([
      [undefined, "changed"],
      ["s", "changed"],
      ["old", "removed"],
      ["new", "added"],
    ]);
    expect(of(before, after)[0]?.about).toEqual([{ key: "inputs.value", before: "$a.x" }]);
  });
});

describe("what is drawn of it", () => {
  const type = (id: string, input: string, literal: boolean): NodeType =>
    ({
      id,
      display_name: id,
      inputs: [{ name: input, type: "INT", literal }],
      outputs: [{ name: "OUT", type: "INT" }],
    }) as unknown as NodeType;
  const types: { [id: string]: NodeType } = {
    A: type("A", "x", true),
    B: type("B", "y", false),
    C: type("C", "z", false),
  };
  const sheet = (after: Workflow) => {
    const aligned = align(BASE, after);
    return sheetOf(aligned, [], difference(aligned)[0], (_, id) => types[id]);
  };

  test("links of both with their sign, whichever way their output is written", () => {
    const after = withNodes({
      ...BASE.nodes,
      c: { node: "C", z: "$a.OUT" },
      b: { node: "B", y: "$a.0" },
    });
    expect(sheet(after).links.map(({ id, sign }) => [id, sign])).toEqual([
      ["a.OUT>b.y", undefined],
      ["b.OUT>c.z", "removed"],
      ["a.OUT>c.z", "added"],
    ]);
  });

  test("a node of another type has the ports of both", () => {
    const after = withNodes({ ...BASE.nodes, b: { node: "C", z: "$a" } });
    const b = sheet(after).nodes.find(({ id }) => id === "b");
    expect(b?.inputs.map(({ name, sign }) => [name, sign])).toEqual([
      ["z", "added"],
      ["y", "removed"],
    ]);
    expect([b?.kind, b?.kindBefore]).toEqual(["C", "B"]);
  });

  test("what was removed makes way, and moves with what stood near it", () => {
    const after = withNodes(
      { a: { node: "A", x: 1 }, d: { node: "A", x: 2 } },
      { layout: { nodes: { a: { x: 0, y: 500 }, d: { x: 300, y: 500 } } }, inputs: {} },
    );
    const places = standing(sheet(after));
    expect(places?.get("d")).toEqual({ x: 300, y: 500 });
    expect(places?.get("c")).toEqual({ x: 600, y: 500 });
    expect(places?.get("b")?.x).toBe(300);
    expect(places?.get("b")?.y).toBeGreaterThan(500);
  });

  test("without a place for every node none is known", () => {
    expect(standing(sheet(withNodes({ ...BASE.nodes, d: { node: "A" } })))).toBeUndefined();
  });
});

describe("lines beside each other", () => {
  test("a changed line stands beside its old one, with the words that differ", () => {
    const [, block, last] = blocksOf("a\nsteps: 20\nb\n", "a\nsteps: 30\nmore\nb\n");
    expect(block?.rows).toEqual([
      {
        before: {
          number: 2,
          stretches: [
            { text: "steps: ", fresh: false },
            { text: "20", fresh: true },
          ],
        },
        after: {
          number: 2,
          stretches: [
            { text: "steps: ", fresh: false },
            { text: "30", fresh: true },
          ],
        },
      },
      { after: { number: 3, stretches: [{ text: "more", fresh: false }] } },
    ]);
    expect(last?.rows[0]?.before?.number).toBe(3);
    expect(last?.rows[0]?.after?.number).toBe(4);
  });

  test("every line of both texts is there, in order", () => {
    const [before, after] = ["1\n2\n3\n4\n5\n", "0\n1\n3\n4\n6\n7\n"];
    const blocks = blocksOf(before, after);
    const side = (which: "before" | "after") =>
      blocks
        .flatMap(({ rows }) => rows.flatMap((row) => row[which] ?? []))
        .map(({ stretches }) => `${stretches.map(({ text }) => text).join("")}\n`)
        .join("");
    expect([side("before"), side("after")]).toEqual([before, after]);
  });

  test.each([
    [20, false, false, [3, 17]],
    [20, true, false, [0, 17]],
    [20, false, true, [3, 20]],
    [8, false, false, [8, 8]],
  ])("of %i alike lines (first: %s, last: %s) are folded %j", (count, first, last, range) => {
    const rows = Array.from({ length: count }, () => ({}));
    expect(folded(rows, first, last)).toEqual(range);
  });
});
