import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseJson } from "@/document/json";
import type { Workflow } from "@/document/workflow";
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

const takes = (_type: string, input: string) => input === "seed";

describe("YAML", () => {
  test("a seed beyond 2^53 is written as a number, digits in a text as text", () => {
    const digits = "18446744073709551615";
    const inside = { node: "one", inputs: { seed: digits }, loop: { each: { seed: [digits, 2] } } };
    const workflow: Workflow = {
      nodeflow: 1,
      nodes: { a: { node: "K", seed: digits, text: digits }, b: inside },
    };
    const fresh = writeYaml(workflow, takes);
    expect(fresh).toContain(`a: {node: K, seed: ${digits}, text: "${digits}"}`);
    expect(fresh.match(/: \[?18446744073709551615/g)).toHaveLength(3);
    expect(readYaml(fresh)).toEqual(workflow);
    const old = "nodes:\n  a: {node: K, seed: 5} # mine\n";
    const saved = writeYaml({ nodeflow: 1, nodes: { a: { node: "K", seed: digits } } }, takes, old);
    expect(saved).toContain(`a: {node: K, seed: ${digits}} # mine`);
  });

  test("an unchanged document keeps its text, seeds beyond 2^53 their digits", () => {
    const workflow = readYaml(TEXT);
    expect(workflow.nodes.sampler?.seed).toBe("18446744073709551615");
    expect(writeYaml(workflow, takes, TEXT)).toBe(TEXT);
  });

  test("a change keeps comments and order", () => {
    const workflow = readYaml(TEXT);
    const nodes = {
      ...workflow.nodes,
      sampler: { ...workflow.nodes.sampler, node: "KSampler", cfg: 7.5 },
      save: { node: "SaveImage", images: "$sampler" },
    };
    const text = writeYaml({ ...workflow, nodes }, takes, TEXT);
    expect(text).toContain("# my workflow");
    expect(text).toContain("# the model");
    expect(text).toContain("# small");
    expect(text).toContain("cfg: 7.5 # not too strict");
    expect(text).toContain("save: {node: SaveImage, images: $sampler}");
    expect(readYaml(text)).toEqual({ ...workflow, nodes });
  });

  test("text of several lines is a block", () => {
    const workflow = { nodeflow: 1, nodes: { a: { node: "T", text: "one\ntwo\n" } } };
    expect(readYaml(writeYaml(workflow, takes))).toEqual(workflow);
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
      expect(readYaml(writeYaml(workflow, takes))).toEqual(workflow);
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
