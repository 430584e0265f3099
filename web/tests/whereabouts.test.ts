import { expect, test } from "vitest";
import { afterEvent, type FileEvent } from "@/state/whereabouts";

const TAB = { path: "a.yaml" };
const saved = (path: string, etag: string): FileEvent => ({
  type: "workflow.saved",
  data: { path, etag },
});
const moved = (path: string, to: string): FileEvent => ({
  type: "workflow.moved",
  data: { path, to, etag: "e" },
});
const deleted = (path: string): FileEvent => ({ type: "workflow.deleted", data: { path } });

function after(...events: FileEvent[]) {
  const tab: Parameters<typeof afterEvent>[0] = { ...TAB };
  for (const event of events) Object.assign(tab, afterEvent(tab, event));
  return tab;
}

test("events of other files change nothing", () => {
  expect(after(saved("b.yaml", "1"), moved("b.yaml", "c.yaml"), deleted("c.yaml"))).toEqual(TAB);
});

test("a moved file is followed with the eyes, wherever it goes, and the path stays", () => {
  expect(after(moved("a.yaml", "b.yaml"))).toEqual({ ...TAB, lost: { to: "b.yaml", etag: "e" } });
  const further = after(moved("a.yaml", "b.yaml"), moved("b.yaml", "c.yaml"), saved("c.yaml", "2"));
  expect(further).toEqual({ ...TAB, lost: { to: "c.yaml", etag: "2" } });
  expect(after(moved("a.yaml", "b.yaml"), deleted("b.yaml"))).toEqual({ ...TAB, lost: {} });
});

test("a file that comes back is no longer lost, and its content is told", () => {
  const back: FileEvent = { type: "workflow.restored", data: { path: "a.yaml", etag: "3" } };
  for (const event of [back, saved("a.yaml", "3")])
    expect(after(deleted("a.yaml"), event)).toEqual({ ...TAB, lost: undefined, theirs: "3" });
  expect(after(moved("a.yaml", "b.yaml"), moved("b.yaml", "a.yaml"))).toMatchObject({
    lost: undefined,
    theirs: "e",
  });
});
