import { describe, expect, it } from "vitest";
import { type AreaSpec, areaOf, type Box, boxOf, dragged, drawn } from "@/area/box";
import { setBox } from "@/area/setBox";
import { wholeOf } from "@/area/whole";
import { record, startLog, undo } from "@/document/log";
import type { Graph, NodeData } from "@/document/workflow";
import type { InputType, NodeType } from "@/types/nodeType";

const input = (name: string, type: string, more: Partial<InputType> = {}): InputType => ({
  name,
  type,
  required: true,
  optional: false,
  description: "",
  multiline: false,
  seed: false,
  colour: false,
  input_file: false,
  literal: ["INT", "FLOAT", "STRING"].includes(type),
  ...more,
});
const kind = (id: string, inputs: InputType[], ...outputs: string[]): NodeType => ({
  id,
  display_name: id,
  category: "",
  version: 1,
  description: "",
  output: false,
  plugin: "",
  inputs,
  outputs: outputs.map((type) => ({ name: type, type })),
});
const side = (name: string, min = 64) => input(name, "INT", { min, max: 16384, step: 8 });
const place = (name: string) => side(name, 0);
const part = (name: string) => input(name, "FLOAT", { min: 0, max: 1, step: 0.01 });
const sides = [side("width"), side("height"), place("x"), place("y")];
const pixels = [input("width", "INT"), input("height", "INT")];

const TYPES = [
  kind("Words", [input("text", "STRING", { multiline: true })], "CONDITIONING"),
  kind("Area", [input("conditioning", "CONDITIONING"), ...sides], "CONDITIONING"),
  kind(
    "Share",
    [input("conditioning", "CONDITIONING"), ...["width", "height", "x", "y"].map(part)],
    "CONDITIONING",
  ),
  kind("Join", [input("a", "CONDITIONING"), input("b", "CONDITIONING")], "CONDITIONING"),
  kind("Empty", pixels, "LATENT"),
  kind("Sample", [input("positive", "CONDITIONING"), input("latent", "LATENT")], "LATENT"),
  kind("Load", [input("image", "STRING", { input_file: true })], "IMAGE"),
  kind("Scale", [input("image", "IMAGE"), ...pixels], "IMAGE"),
  kind("ScaleBy", [input("image", "IMAGE"), input("scale_by", "FLOAT")], "IMAGE"),
  kind(
    "Pad",
    [input("image", "IMAGE"), ...["left", "top", "right", "bottom"].map((n) => input(n, "INT"))],
    "IMAGE",
  ),
  kind("Crop", [input("image", "IMAGE"), ...sides], "IMAGE"),
  kind("Paste", [input("image", "IMAGE"), input("part", "IMAGE"), ...sides], "IMAGE"),
  kind("Number", [input("value", "INT")], "INT"),
  kind("Reroute", [input("value", "*", { literal: false })], "*"),
];
const typeOf = (id: string) => TYPES.find((type) => type.id === id);
const spec = areaOf(typeOf("Area")) as AreaSpec;
const BOX: Box = { x: 64, y: 64, width: 128, height: 96 };
const WHOLE = { width: 512, height: 300 };
const by = (dx: number, dy: number) => ({ dx, dy });

describe("which nodes have a box", () => {
  it("is told by their inputs", () => {
    expect(spec.parts).toBe(false);
    expect(areaOf(typeOf("Share"))?.parts).toBe(true);
    for (const id of ["Empty", "Sample", "Pad"]) expect(areaOf(typeOf(id))).toBeUndefined();
  });

  it("has defaults, and is none where a link decides", () => {
    expect(boxOf(spec, { node: "Area", x: 8, y: 16, width: 64, height: 64 })).toMatchObject({
      y: 16,
    });
    expect(boxOf(spec, { node: "Area", x: "$n", y: 16, width: 64, height: 64 })).toBeUndefined();
  });
});

describe("a box that is dragged", () => {
  it("moves by steps and stays on the picture", () => {
    expect(dragged(BOX, "move", by(13, -5), spec, WHOLE)).toEqual({ ...BOX, x: 80, y: 56 });
    expect(dragged(BOX, "move", by(999, -999), spec, WHOLE)).toEqual({ ...BOX, x: 384, y: 0 });
    // 300 - 96 is on no step of 8.
    expect(dragged(BOX, "move", by(0, 999), spec, WHOLE).y).toBe(200);
    expect(dragged(BOX, "move", by(30, 8), spec, WHOLE, true)).toEqual({ ...BOX, x: 96 });
  });

  it("is resized from each side, and not below the least size", () => {
    expect(dragged(BOX, "e", by(20, 99), spec, WHOLE)).toEqual({ ...BOX, width: 152 });
    expect(dragged(BOX, "w", by(20, 0), spec, WHOLE)).toEqual({ ...BOX, x: 88, width: 104 });
    expect(dragged(BOX, "nw", by(999, 999), spec, WHOLE)).toEqual({
      x: 128,
      y: 96,
      width: 64,
      height: 64,
    });
    expect(dragged(BOX, "se", by(9999, 9999), spec, WHOLE)).toEqual({
      ...BOX,
      width: 448,
      height: 232,
    });
    expect(dragged(BOX, "nw", by(-999, -999), spec, WHOLE)).toEqual({
      x: 0,
      y: 0,
      width: 192,
      height: 160,
    });
  });

  it("keeps its shape where that is wanted", () => {
    expect(dragged(BOX, "se", by(128, 0), spec, WHOLE, true)).toEqual({
      ...BOX,
      width: 256,
      height: 192,
    });
  });

  it("is in parts where its inputs are", () => {
    const parts = areaOf(typeOf("Share")) as AreaSpec;
    const box = { x: 0.1, y: 0.2, width: 0.5, height: 0.5 };
    const one = { width: 1, height: 1 };
    expect(dragged(box, "move", by(0.2, 0.9), parts, one)).toEqual({ ...box, x: 0.3, y: 0.5 });
    expect(dragged(box, "w", by(0.05, 0), parts, one)).toMatchObject({ x: 0.15, width: 0.45 });
  });

  it("is drawn anew from any corner", () => {
    const wanted = { x: 96, y: 48, width: 104, height: 96 };
    expect(drawn({ x: 98, y: 50 }, { x: 199, y: 141 }, spec, WHOLE)).toEqual(wanted);
    expect(drawn({ x: 199, y: 141 }, { x: 98, y: 50 }, spec, WHOLE)).toEqual(wanted);
    expect(drawn({ x: 511, y: 299 }, { x: 600, y: 400 }, spec, WHOLE)).toMatchObject({ x: 448 });
  });

  it("is one edit a gesture", () => {
    const node = { node: "Area", ...BOX };
    let log = startLog({ nodeflow: 1, nodes: { a: node } });
    let before = BOX;
    for (const x of [72, 80, 88]) {
      const after = { ...before, x };
      log = record(log, setBox(log.document, [], "a", before, after));
      before = after;
    }
    expect(log.edits).toHaveLength(1);
    expect(undo(log).document.nodes.a).toEqual(node);
  });
});

const graph = (nodes: { [name: string]: NodeData }): Graph => ({ nodes });
const area = { node: "Area", ...BOX };

describe("what a box lies on", () => {
  const REGIONS = graph({
    words: { node: "Words", text: "a red fox" },
    left: { ...area, conditioning: "$words" },
    right: { node: "Share", conditioning: "$words", x: 0.5, y: 0, width: 0.5, height: 1 },
    both: { node: "Join", a: "$left", b: "$right" },
    canvas: { node: "Empty", width: 512, height: 256 },
    bend: { node: "Reroute", value: "$canvas" },
    sampler: { node: "Sample", positive: "$both", latent: "$bend" },
    elsewhere: { ...area },
  });

  it("is the latent that its prompt goes to, with the other boxes there", () => {
    const left = wholeOf(REGIONS, typeOf, "left", {});
    expect(left?.pixels).toEqual({ width: 512, height: 256 });
    expect(left?.others).toEqual([
      { node: "right", label: "a red fox", share: { x: 0.5, y: 0, width: 0.5, height: 1 } },
    ]);
    const right = wholeOf(REGIONS, typeOf, "right", {});
    expect([right?.size, right?.aspect]).toEqual([{ width: 1, height: 1 }, 2]);
    expect(right?.others[0]?.share).toEqual({ x: 0.125, y: 0.25, width: 0.25, height: 0.375 });
  });

  it("is as far as the box reaches where the graph does not tell", () => {
    const whole = wholeOf(REGIONS, typeOf, "elsewhere", {});
    expect([whole?.size, whole?.pixels, whole?.others]).toEqual([
      { width: 192, height: 160 },
      undefined,
      [],
    ]);
  });

  it("is a picture of the input folder, once its size is known", () => {
    const nodes = graph({
      photo: { node: "Load", image: "a.png" },
      crop: { ...area, node: "Crop", image: "$photo" },
    });
    expect(wholeOf(nodes, typeOf, "crop", {})).toMatchObject({ wanted: "a.png", picture: "a.png" });
    const known = wholeOf(nodes, typeOf, "crop", { "a.png": { width: 800, height: 600 } });
    expect(known).toMatchObject({ pixels: { width: 800, height: 600 }, picture: "a.png" });
    expect(known?.wanted).toBeUndefined();
  });

  it("is followed through what changes the size", () => {
    const size = (before: NodeData) =>
      wholeOf(
        graph({
          photo: { node: "Load", image: "a.png" },
          number: { node: "Number", value: 640 },
          before,
          crop: { ...area, node: "Crop", image: "$before" },
        }),
        typeOf,
        "crop",
        { "a.png": { width: 800, height: 600 } },
      );
    const image = "$photo";
    expect(size({ node: "ScaleBy", image, scale_by: 0.5 })).toMatchObject({
      pixels: { width: 400, height: 300 },
      picture: "a.png",
    });
    expect(size({ node: "Scale", image, width: 400, height: 0 })?.pixels?.height).toBe(300);
    expect(size({ node: "Scale", image, width: "$number", height: 80 })?.pixels?.width).toBe(640);
    const padded = size({ node: "Pad", image, left: 8, top: 0, right: 8, bottom: 100 });
    expect([padded?.pixels, padded?.picture]).toEqual([{ width: 816, height: 700 }, undefined]);
    const cut = size({ ...area, node: "Crop", image });
    expect([cut?.pixels, cut?.picture]).toEqual([{ width: 128, height: 96 }, undefined]);
    const pasted = size({ ...area, node: "Paste", image, part: image });
    expect(pasted?.pixels).toEqual({ width: 800, height: 600 });
    expect(size({ node: "ScaleBy", image: "$crop", scale_by: 2 })?.pixels).toBeDefined();
  });
});
