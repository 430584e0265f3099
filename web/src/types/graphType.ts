/** A subgraph seen from outside: a node type whose inputs look as they do where they are used. */

import { referenceOf } from "@/document/reference";
import { type Graph, inputsOf, isMap, type Json } from "@/document/workflow";
import type { InputType, NodeType, OutputType } from "@/types/nodeType";

type TypeOf = (id: string) => NodeType | undefined;

const LITERAL = new Set(["INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"]);

/** The first input inside that takes `$inputs.name`. */
function usedAs(graph: Graph, name: string, typeOf: TypeOf): InputType | undefined {
  for (const node of Object.values(graph.nodes))
    for (const [input, value] of inputsOf(node)) {
      const reference = referenceOf(value);
      if (reference?.node === "inputs" && reference.output === name)
        return typeOf(node.node)?.inputs.find((one) => one.name === input);
    }
  return undefined;
}

function inputType(graph: Graph, name: string, spec: Json, typeOf: TypeOf): InputType {
  const used = usedAs(graph, name, typeOf);
  const type = isMap(spec) ? String(spec.type ?? used?.type ?? "*") : String(spec);
  const given = isMap(spec) ? spec.default : undefined;
  const plain: Partial<InputType> &
    Pick<InputType, "description" | "multiline" | "seed" | "colour" | "input_file"> = {
    description: "",
    multiline: false,
    seed: false,
    colour: false,
    input_file: false,
  };
  const { default: usual, ...shape } = used ?? plain;
  const value = given ?? usual;
  return {
    ...shape,
    name,
    type,
    required: given === undefined,
    optional: false,
    literal: LITERAL.has(type),
    ...(value === undefined ? {} : { default: value }),
  };
}

function outputType(graph: Graph, name: string, value: Json, typeOf: TypeOf): OutputType {
  if (isMap(value) && value.type !== undefined) return { name, type: String(value.type) };
  const reference = referenceOf(isMap(value) ? value.from : value);
  const outputs = typeOf(graph.nodes[reference?.node ?? ""]?.node ?? "")?.outputs ?? [];
  const found = outputs.find((one) => one.name === reference?.output) ?? outputs[0];
  return { name, type: found?.type ?? "*" };
}

export function graphType(id: string, graph: Graph, typeOf: TypeOf): NodeType {
  const described = (graph as { description?: unknown }).description;
  return {
    id,
    display_name: id,
    category: "",
    version: 1,
    description: typeof described === "string" ? described : "",
    output: false,
    plugin: "",
    inputs: Object.entries(graph.inputs ?? {}).map(([name, spec]) =>
      inputType(graph, name, spec, typeOf),
    ),
    outputs: Object.entries(graph.outputs ?? {}).map(([name, value]) =>
      outputType(graph, name, value, typeOf),
    ),
  };
}
