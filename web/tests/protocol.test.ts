import { describe, expect, test } from "vitest";
import { understood } from "@/plugins/protocol";

describe("what a plugin's module may say", () => {
  test.each([
    [{ type: "ready" }, { type: "ready" }],
    [{ type: "done", more: 1 }, { type: "done" }],
    [
      { type: "change", value: [[0, 1.5], null, { a: "b" }] },
      { type: "change", value: [[0, 1.5], null, { a: "b" }] },
    ],
    [
      { type: "height", pixels: 99.6 },
      { type: "height", pixels: 100 },
    ],
    [
      { type: "height", pixels: -5 },
      { type: "height", pixels: 24 },
    ],
    [
      { type: "height", pixels: 1e9 },
      { type: "height", pixels: 640 },
    ],
    [
      { type: "keys", chord: "Ctrl+Z", more: 1 },
      { type: "keys", chord: "Ctrl+Z" },
    ],
  ])("%j is %j", (data, said) => expect(understood(data)).toEqual(said));

  const circle: { own?: unknown } = {};
  circle.own = circle;
  test.each([
    ["a text", "ready"],
    ["nothing", null],
    ["an unknown type", { type: "eval" }],
    ["a height that is no number", { type: "height", pixels: Number.NaN }],
    ["a value that is no JSON", { type: "change", value: () => 1 }],
    ["a circle", { type: "change", value: circle }],
    ["keys that are no text", { type: "keys", chord: ["Ctrl+Z"] }],
    ["keys that are too long", { type: "keys", chord: "Z".repeat(33) }],
    ["too much", { type: "change", value: "x".repeat(100_001) }],
  ])("%s is not understood", (_, data) => expect(understood(data)).toBeUndefined());

  test("a value is a copy", () => {
    const value = [1];
    const said = understood({ type: "change", value });
    value.push(2);
    expect(said).toEqual({ type: "change", value: [1] });
  });
});
