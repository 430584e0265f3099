import { expect, test } from "vitest";
import { countWithin, planWithin, runWithin } from "@/run/within";

const planned = (action: "run" | "reuse", seconds: number | null) => ({
  action,
  tier: null,
  reason: "",
  seconds,
  bytes: null,
});
const PLAN = {
  nodes: {
    a: planned("run", 9),
    "loop:0:x": planned("reuse", null),
    "loop:1:x": planned("run", 2),
    "loops:1:x": planned("run", 5),
  },
  seconds: null,
  bytes: null,
};

test("a loop is told by what is inside it alone", () => {
  expect(countWithin(PLAN, "loop")).toBe(2);
  expect(planWithin(PLAN, "loop")).toMatchObject({ action: "run", seconds: 2, reason: "1 / 2" });
  expect(planWithin(PLAN, "a")).toBeUndefined();
});

test("it runs until all have ended, and fails with its first failure", () => {
  const first = { state: "cached", reason: "same" } as const;
  const going = { state: "running", reason: "", started: 5 } as const;
  const ran = { state: "ran", reason: "", seconds: 3 } as const;
  const failed = { state: "failed", reason: "", message: "no" } as const;
  const nodes = (second: object) => ({ "loop:0:x": first, "loop:1:x": second as typeof ran });
  expect(runWithin({}, "loop", 2)).toBeUndefined();
  expect(runWithin(nodes(going), "loop", 2)).toMatchObject({ state: "running", step: 1, total: 2 });
  expect(runWithin(nodes(ran), "loop", 2)).toEqual({ state: "ran", reason: "1 / 2", seconds: 3 });
  expect(runWithin(nodes(first), "loop", 2)?.state).toBe("cached");
  expect(runWithin(nodes(failed), "loop", 2)?.message).toBe("no");
});
