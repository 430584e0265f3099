/** A subgraph's inputs and outputs as node types, so that links to them are drawn like any. */

import type { Graph } from "@/document/workflow";
import { nodeType } from "@/state/server";
import { graphType } from "@/types/graphType";
import type { NodeType } from "@/types/nodeType";

/** The port that makes a new input or output of what is linked to it. */
export const NEW = "+";

const type = (graph: Graph) => graphType("", graph, nodeType);

/** The inputs, which nodes inside take from: a node with outputs. */
export function takes(graph: Graph): NodeType {
  const own = type(graph);
  const outputs = own.inputs.map(({ name, type }) => ({ name, type }));
  return { ...own, inputs: [], outputs: [...outputs, { name: NEW, type: "*" }] };
}

/** The outputs, which nodes inside give to: a node with inputs. */
export function gives(graph: Graph): NodeType {
  const own = type(graph);
  const input = (name: string, type: string) => ({
    name,
    type,
    required: false,
    optional: true,
    description: "",
    multiline: false,
    seed: false,
    colour: false,
    input_file: false,
    literal: false,
  });
  const inputs = own.outputs.map(({ name }) => input(name, "*"));
  return { ...own, inputs: [...inputs, input(NEW, "*")], outputs: [] };
}
