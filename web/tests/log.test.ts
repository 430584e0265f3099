import { describe, expect, test } from "vitest";
import * as edit from "@/document/edit";
import { linksOf } from "@/document/links";
import { folded, LIMIT, record, redo, replay, startLog, undo } from "@/document/log";
import { type Edit, valueAt } from "@/document/operation";
import { ROOT, type Workflow } from "@/document/workflow";
import type { NodeType } from "@/types/nodeType";

const TYPE: NodeType = {
  id: "Mix",
  display_name: "Mix",
  category: "test",
  version: 1,
  description: "",
  output: false,
  plugin: "test",
  inputs: ["a", "b"].map((name) => ({
    name,
    type: "INT",
    required: false,
    default: 0,
    optional: false,
    description: "",
    multiline: false,
    seed: false,
    colour: false,
    input_file: false,
    literal: true,
  })),
  outputs: [{ name: "INT", type: "INT" }],
};

/** A small generator of random numbers with a seed, so that a failure comes again. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function randomEdit(document: Workflow, random: (below: number) => number): Edit {
  const names = Object.keys(document.nodes);
  const pick = () => names[random(names.length)] ?? "";
  if (names.length < 2)
    return edit.addNode(document, ROOT, TYPE, { x: random(900), y: random(900) }).edit;
  switch (random(9)) {
    case 0:
    case 1:
      return edit.addNode(document, ROOT, TYPE, { x: random(900), y: random(900) }).edit;
    case 2:
      return edit.setInput(document, ROOT, pick(), "a", random(100));
    case 3:
      return edit.connect(
        document,
        ROOT,
        { node: pick(), port: "INT" },
        { node: pick(), port: "b" },
        true,
      );
    case 4:
      return edit.removeNodes(document, ROOT, [pick()]);
    case 5:
      return edit.moveNodes(document, ROOT, { [pick()]: { x: random(900), y: random(900) } });
    case 6:
      return edit.renameNode(document, ROOT, pick(), `n${random(1e6)}`);
    case 7:
      return edit.toggleMode(document, ROOT, [pick()], "bypass");
    default:
      return edit.toggleExposed(document, pick(), ["a"]);
  }
}

const text = (document: Workflow) => JSON.stringify(document);

describe("the operation log", () => {
  test.each([1, 2, 3, 4, 5])("state equals replay over 200 random operations (seed %i)", (seed) => {
    const random = randomOf(seed);
    let log = startLog({ nodeflow: 1, nodes: {} });
    const model: string[] = [text(log.document)];
    let at = 0;
    for (let step = 0; step < 200; step++) {
      const kind = random(6);
      if (kind === 0) {
        log = undo(log);
        at = Math.max(0, at - 1);
      } else if (kind === 1) {
        log = redo(log);
        at = Math.min(model.length - 1, at + 1);
      } else {
        const change = randomEdit(log.document, random);
        if (change.patches.length > 0 && change.merge === undefined) {
          log = record(log, change);
          model.length = ++at;
          model.push(text(log.document));
        }
      }
      expect(text(log.document)).toBe(model[at]);
      expect(text(replay(log))).toBe(text(log.document));
    }
    while (log.cursor > 0) log = undo(log);
    expect(text(log.document)).toBe(model[0]);
    while (log.cursor < log.edits.length) log = redo(log);
    expect(text(log.document)).toBe(model[model.length - 1]);
  });

  test("600 steps go back and forth, with links and the order of nodes", () => {
    const random = randomOf(7);
    let log = startLog({ nodeflow: 1, nodes: {} });
    for (let step = 0; step < 600; step++) {
      const change = edit.addNode(log.document, ROOT, TYPE, { x: step, y: random(100) });
      log = record(log, change.edit);
    }
    const names = Object.keys(log.document.nodes);
    log = record(
      log,
      edit.connect(
        log.document,
        ROOT,
        { node: names[0] ?? "", port: "INT" },
        { node: names[1] ?? "", port: "a" },
        true,
      ),
    );
    const before = text(log.document);
    log = record(log, edit.removeNodes(log.document, ROOT, names.slice(0, 1)));
    expect(linksOf(log.document)).toHaveLength(0);
    log = undo(log);
    expect(text(log.document)).toBe(before);
    for (let step = 0; step < 601; step++) log = undo(log);
    expect(log.document.nodes).toEqual({});
    for (let step = 0; step < 601; step++) log = redo(log);
    expect(text(log.document)).toBe(before);
  });

  test("beyond its limit the oldest edits go into the base", () => {
    let log = startLog({ nodeflow: 1, nodes: { a: { node: "Mix", a: 0 } } });
    for (let step = 1; step <= LIMIT + 50; step++)
      log = record(log, { ...edit.setInput(log.document, ROOT, "a", "a", step), merge: `${step}` });
    expect(log.edits).toHaveLength(LIMIT);
    expect(text(replay(log))).toBe(text(log.document));
    while (log.cursor > 0) log = undo(log);
    expect(valueAt(log.document, ["nodes", "a", "a"])).toBe(50);
  });

  test("values typed into one field are one step", () => {
    let log = startLog({ nodeflow: 1, nodes: { a: { node: "Mix", a: 0 } } });
    for (const value of [1, 12, 123])
      log = record(log, edit.setInput(log.document, ROOT, "a", "a", value));
    expect(log.edits).toHaveLength(1);
    expect(valueAt(undo(log).document, ["nodes", "a", "a"])).toBe(0);
  });
});

test("edits of one gesture are one step, whatever was before them and also at the limit", () => {
  for (const earlier of [1, LIMIT]) {
    let log = startLog({ nodeflow: 1, nodes: {} });
    for (let count = 0; count < earlier; count++)
      log = record(log, edit.addNode(log.document, ROOT, TYPE, { x: count, y: 0 }).edit);
    const before = log;
    const { edit: added, name } = edit.addNode(log.document, ROOT, TYPE, { x: 0, y: 9 });
    log = record(log, added);
    log = record(log, edit.setInput(log.document, ROOT, name, "a", 5));
    log = folded(log, before);
    expect(log.document.nodes[name]?.a).toBe(5);
    expect(replay(log)).toEqual(log.document);
    expect(undo(log).document).toEqual(before.document);
    expect(redo(undo(log)).document).toEqual(log.document);
  }
});
