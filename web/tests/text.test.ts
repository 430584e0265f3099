import { describe, expect, test } from "vitest";
import { parseJson } from "@/document/json";
import { evaluate, fit as fitted } from "@/text/arithmetic";
import { fuzzy, search } from "@/text/fuzzy";
import { weigh } from "@/text/promptWeight";
import { chunksOf, roughTokens } from "@/text/tokens";

describe("arithmetic", () => {
  test.each([
    ["512*1.5", 768],
    ["(3+4)/2", 3.5],
    ["2^3^2", 512],
    ["-2^2", -4],
    ["50%", 0.5],
    ["1,5", 1.5],
    [" 8 × 64 ", 512],
    ["1e3", 1000],
    ["3--2", 5],
  ])("%s is %d", (text, value) => expect(evaluate(text)).toBe(value));

  test.each(["", "abc", "1+", "(1", "1)", "alert(1)", "1/0", "2 3"])("%s is none", (text) =>
    expect(evaluate(text)).toBeUndefined(),
  );

  test("a number is fitted to its limits without dust", () => {
    expect(fitted(0.1 + 0.2, {}, false)).toBe(0.3);
    expect(fitted(5.6, { max: 5 }, true)).toBe(5);
    expect(fitted(-1, { min: 0 }, true)).toBe(0);
  });
});

describe("prompt weights", () => {
  const at = (text: string, steps: number, from: string) => {
    const start = text.indexOf(from);
    return weigh({ text, start, end: start + from.length }, steps);
  };
  test("raise, raise, lower, and back to plain", () => {
    let selection = at("a red apple", 1, "red");
    expect(selection.text).toBe("a (red:1.05) apple");
    selection = weigh(selection, 1);
    expect(selection.text).toBe("a (red:1.1) apple");
    selection = weigh(weigh(selection, -1), -1);
    expect(selection.text).toBe("a red apple");
    expect(selection.text.slice(selection.start, selection.end)).toBe("red");
    expect(weigh(selection, -1).text).toBe("a (red:0.95) apple");
  });
  test("the word at the caret, several words, and nothing", () => {
    expect(weigh({ text: "cat, dog", start: 6, end: 6 }, 1).text).toBe("cat, (dog:1.05)");
    expect(at("a big red apple", 2, "big red").text).toBe("a (big red:1.1) apple");
    expect(weigh({ text: "  ", start: 1, end: 1 }, 1).text).toBe("  ");
  });
});

describe("fuzzy search", () => {
  const names = ["KSampler", "KSamplerAdvanced", "SaveImage", "VAEDecode", "Load Checkpoint"];
  const find = (query: string) => search(query, names, (text) => [{ text, weight: 1 }]);
  test("letters in order, starts of words first", () => {
    expect(find("ksa")[0]).toBe("KSampler");
    expect(find("vd")[0]).toBe("VAEDecode");
    expect(find("check load")).toEqual(["Load Checkpoint"]);
    expect(find("xyz")).toEqual([]);
    expect(find("")).toEqual(names);
  });
  test("it says which letters", () => expect(fuzzy("si", "SaveImage")?.at).toEqual([0, 4]));
});

describe("JSON of the server", () => {
  test("whole numbers beyond 2^53 keep their digits, others stay numbers", () => {
    expect(parseJson('{"seed": 18446744073709551615, "a": -1}')).toEqual({
      seed: "18446744073709551615",
      a: -1,
    });
  });
  test("a fraction with many digits is a number", () => {
    const text = "[0.009381195000059961, 1.0409999999999999e-16, -4.988854571999582]";
    expect(parseJson(text)).toEqual([
      0.009381195000059961, 1.0409999999999999e-16, -4.988854571999582,
    ]);
  });
  test("digits in texts are left alone", () => {
    expect(parseJson('{"18446744073709551615": "a \\"18446744073709551615\\" b"}')).toEqual({
      "18446744073709551615": 'a "18446744073709551615" b',
    });
  });
});

test.each([
  ["", 0, 1],
  ["a rocket on a blue background", 7, 1],
  ["(a:1.2) cat", 2, 1],
  ["cat ".repeat(75), 75, 1],
  ["cat ".repeat(76), 76, 2],
])("a prompt's length is estimated, in chunks of 75", (prompt, tokens, chunks) => {
  expect(roughTokens(prompt)).toBe(tokens);
  expect(chunksOf(tokens)).toBe(chunks);
});
