import { expect, test } from "vitest";
import type { Problem } from "@/api/shapes";
import { problemAfter } from "@/run/nextProblem";

const problem = (node?: string): Problem => ({ code: "x", message: "", ...(node ? { node } : {}) });
const [a, a2, b, none] = [problem("a"), problem("a"), problem("b"), problem()];

test.each([
  ["the first where nothing is selected", undefined, a],
  ["the first where another node is", "z", a],
  ["that of the next node", "a", b],
  ["one without a node", "b", none],
])("the next problem is %s", (_, node, next) =>
  expect(problemAfter([a, a2, b, none], node)).toBe(next),
);

test("after the last comes the first", () => expect(problemAfter([a, b], "b")).toBe(a));
test("of none there is none", () => expect(problemAfter([], "a")).toBeUndefined());
