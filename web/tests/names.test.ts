import { expect, test } from "vitest";
import { nameWorkflow } from "@/document/edit";
import { filePath, fileStem } from "@/document/names";

test("files are called after workflows in any script, and by paths without their end", () => {
  expect(fileStem("Text to image")).toBe("Text_to_image");
  expect(fileStem("我的 图片!")).toBe("我的_图片");
  expect(fileStem("people/anna.v2.yaml")).toBe("people_anna_v2");
  expect([fileStem(""), fileStem("…")]).toEqual(["workflow", "workflow"]);
});

test.each([
  ["cat", "cat.yaml"],
  [" people/anna.v2 ", "people/anna.v2.yaml"],
  ["cat.yml", "cat.yaml"],
  ["cat.json", "cat.json"],
])("%j is saved as %j", (typed, path) => expect(filePath(typed)).toBe(path));

test("a workflow is named, and nothing is no name", () => {
  const workflow = { nodeflow: 1, name: "old", nodes: {} };
  expect(nameWorkflow(workflow, " new ").patches).toMatchObject([
    { path: ["name"], before: "old", after: "new" },
  ]);
  expect(nameWorkflow(workflow, " ").patches[0]?.after).toBeUndefined();
});
