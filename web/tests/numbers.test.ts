import { expect, test } from "vitest";
import { misfit, show } from "@/text/arithmetic";
import { changed } from "@/text/changed";
import { digitsOf, nextSeed } from "@/text/seeds";

test("a seed is shown to its last digit", () => {
  expect(show(249514639066001)).toBe("249514639066001");
  expect(show(0.1 + 0.2)).toBe("0.3");
});

test("whole numbers that a number would round stay digits", () => {
  const limits = { max: 2 ** 64 };
  expect(digitsOf("1125899906842624123", limits)).toBe("1125899906842624123");
  expect(digitsOf("1125899906842624", limits)).toBeUndefined();
  expect(digitsOf("99999999999999999999999", limits)).toBeUndefined();
});

test("seeds go up and down beyond 2^53, and not beyond their ends", () => {
  expect(nextSeed("9007199254740993", "increment")).toBe("9007199254740994");
  expect(nextSeed("9007199254740992", "decrement")).toBe(9007199254740991);
  expect(nextSeed(9007199254740991, "increment")).toBe("9007199254740992");
  expect(nextSeed(0, "decrement")).toBe(0);
  expect(nextSeed("18446744073709551615", "increment")).toBe("18446744073709551615");
});

test("what changes in a text is found between what stays", () => {
  expect(changed("a red cat", "a (red:1.05) cat")).toEqual([2, 5, "(red:1.05)"]);
  expect(changed("aa", "aaa")).toEqual([2, 2, "a"]);
  expect(changed("same", "same")).toEqual([4, 4, ""]);
});

test("what a field does not take is told", () => {
  const steps = { min: 1, max: 100 };
  expect(misfit(0, steps, true)).toBe("min");
  expect(misfit(101, steps, true)).toBe("max");
  expect(misfit(2.5, steps, true)).toBe("whole");
  expect(misfit(2.5, steps, false)).toBeUndefined();
});
