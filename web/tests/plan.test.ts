import { expect, test } from "vitest";
import type { Plan } from "@/api/shapes";
import { en } from "@/language/en";
import { zh } from "@/language/zh";
import { planWord, shortMemoryOf, shortTimeOf } from "@/run/plan";

const run = {
  type: "Add",
  action: "run",
  reason: "new",
  seconds: 2,
  tier: null,
  bytes: null,
} as const;
const plan: Plan = {
  nodes: { a: run, b: run },
  seconds: 4,
  bytes: 2e6,
  unknown: 0,
  weights: 0,
  unweighed: 0,
};

test("a time is about right where all of it is known, and a lower bound otherwise", () => {
  expect(planWord(en, plan)).toBe("2 of 2 nodes will run, about 4.0 s, 2.0 MB of results");
  expect(planWord(en, { ...plan, unknown: 1 })).toContain("at least 4.0 s");
  expect([shortTimeOf(plan), shortTimeOf({ ...plan, unknown: 1 })]).toEqual(["4.0 s", "4.0 s +"]);
});

test("weights are about right where those of all nodes are known, and a lower bound otherwise", () => {
  const heavy = { ...plan, weights: 8.3e7 };
  expect(planWord(en, heavy)).toContain("2.0 MB of results, about 83 MB of weights in memory");
  expect(planWord(en, { ...heavy, unweighed: 1 })).toContain("at least 83 MB of weights");
  expect(shortMemoryOf(heavy)).toBe("85 MB");
  expect(shortMemoryOf({ ...heavy, bytes: null, unweighed: 1 })).toBe("83 MB +");
  expect(shortMemoryOf({ ...plan, bytes: null })).toBeUndefined();
  expect(planWord(zh, heavy)).toContain("结果 2.0 MB，内存中的权重约 83 MB");
});

test("nothing is said of a time that nobody knows, and of what does not run", () => {
  const unknown = { ...plan, seconds: null, unknown: 2 };
  expect(planWord(en, unknown)).toBe("2 of 2 nodes will run, 2.0 MB of results");
  expect(shortTimeOf(unknown)).toBeUndefined();
  const kept = { ...run, action: "reuse" as const };
  expect(planWord(en, { ...plan, nodes: { a: kept } })).toBe(en.planAll(1));
});
