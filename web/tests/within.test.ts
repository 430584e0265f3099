import { expect, test } from "vitest";
import { partsOf, planWithin, runWithin } from "@/run/within";

const planned = (action: "run" | "reuse", seconds: number | null) => ({
  action,
  tier: null,
  reason: "",
  seconds,
  bytes: null,
});
const PLAN = {
  a: planned("run", 9),
  "loop:0:x": planned("reuse", null),
  "loop:1:x": planned("run", 2),
  "loops:1:x": planned("run", 5),
};

test("a loop is told by what is inside it alone", () => {
  expect(partsOf(PLAN, "loop")).toHaveLength(2);
  expect(planWithin(partsOf(PLAN, "loop"))).toMatchObject({
    action: "run",
    seconds: 2,
    reason: "1 / 2",
  });
  expect(planWithin(partsOf(PLAN, "a"))).toBe(PLAN.a);
  expect(planWithin(partsOf(PLAN, "nothing"))).toBeUndefined();
});

test("what is reused as a whole is counted", () => {
  const reused = planned("reuse", null);
  expect(planWithin([reused, reused])).toMatchObject({ action: "reuse", reason: "2 / 2" });
});

test("a node has the rounds of every loop it is in", () => {
  const names = (node: string, ...all: string[]) =>
    partsOf(Object.fromEntries(all.map((name) => [name, name])), node);
  expect(names("loop:x", "loop:0:x", "loop:1:x", "loop:1:y")).toEqual(["loop:0:x", "loop:1:x"]);
  expect(names("a:b:x", "a:0:b:1:x", "a:2:b:x", "a:b:x", "a:b")).toHaveLength(3);
  expect(names("pictures", "pictures:0", "pictures:10", "pictures:list[INT][0]")).toHaveLength(2);
  // ComfyUI's names are numbers: "57:3" is the node 3 of the subgraph 57.
  expect(names("57:3", "57:3", "57:4")).toEqual(["57:3"]);
  expect(names("57:3", "57:0:3", "57:1:3", "57:0:4")).toEqual(["57:0:3", "57:1:3"]);
  expect(names("sheet", "sheet", "sheet:images[]")).toEqual(["sheet"]);
});

test("it runs until all have ended, and fails with its first failure", () => {
  const first = { state: "cached", reason: "same" } as const;
  const going = { state: "running", reason: "", started: 5 } as const;
  const ran = { state: "ran", reason: "", seconds: 3 } as const;
  const failed = { state: "failed", reason: "", message: "no" } as const;
  expect(runWithin([], 2)).toBeUndefined();
  expect(runWithin([going], 1)).toBe(going);
  expect(runWithin([first, going], 3)).toMatchObject({ state: "running", step: 1, total: 3 });
  expect(runWithin([first, ran], 2)).toEqual({ state: "ran", reason: "1 / 2", seconds: 3 });
  expect(runWithin([first, first], 2)).toMatchObject({ state: "cached", reason: "2 / 2" });
  expect(runWithin([first, failed], 2)?.message).toBe("no");
});
