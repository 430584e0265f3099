import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseJson } from "@/document/json";
import { readYaml, writeYaml, YamlError } from "@/document/yaml";

const TEXT = `# my workflow
nodeflow: 1
name: Test
nodes:
  # the model
  checkpoint: {node: Loader, ckpt_name: tiny-emoji} # small
  sampler:
    node: KSampler
    seed: 18446744073709551615
    cfg: 4.0 # not too strict
    text: "a \\"b\\""
`;

describe("YAML", () => {
  test("an unchanged document keeps its text, seeds beyond 2^53 their digits", () => {
    const workflow = readYaml(TEXT);
    expect(workflow.nodes.sampler?.seed).toBe("18446744073709551615");
    expect(writeYaml(workflow, TEXT)).toBe(TEXT);
  });

  test("a change keeps comments and order", () => {
    const workflow = readYaml(TEXT);
    const nodes = {
      ...workflow.nodes,
      sampler: { ...workflow.nodes.sampler, node: "KSampler", cfg: 7.5 },
      save: { node: "SaveImage", images: "$sampler" },
    };
    const text = writeYaml({ ...workflow, nodes }, TEXT);
    expect(text).toContain("# my workflow");
    expect(text).toContain("# the model");
    expect(text).toContain("# small");
    expect(text).toContain("cfg: 7.5 # not too strict");
    expect(text).toContain("save: {node: SaveImage, images: $sampler}");
    expect(readYaml(text)).toEqual({ ...workflow, nodes });
  });

  test("text of several lines is a block", () => {
    const workflow = { nodeflow: 1, nodes: { a: { node: "T", text: "one\ntwo\n" } } };
    expect(readYaml(writeYaml(workflow))).toEqual(workflow);
  });

  test("mistakes have a place", () => {
    expect(() => readYaml("nodes: [a\nb: 1")).toThrow(YamlError);
    expect(() => readYaml("just text")).toThrow("this is no workflow");
  });

  const folder = new URL("../../workflows/", import.meta.url);
  test.each(readdirSync(folder).filter((name) => name.endsWith(".yaml")))(
    "the template %s comes back as it was",
    (name) => {
      const workflow = readYaml(readFileSync(new URL(name, folder), "utf-8"));
      expect(readYaml(writeYaml(workflow))).toEqual(workflow);
    },
  );
});

test("JSON keeps whole numbers beyond 2^53 as digits", () => {
  expect(parseJson('{"a": 18446744073709551615, "b": 12, "c": 1.5}')).toEqual({
    a: "18446744073709551615",
    b: 12,
    c: 1.5,
  });
});
