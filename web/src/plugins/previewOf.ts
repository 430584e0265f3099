import { referenceOf } from "@/document/reference";
import { inputsOf, type NodeData } from "@/document/workflow";
import { nodeType, useServer } from "@/state/server";
import { currentGraph } from "@/state/tabs";

/** The module that shows what an output node makes: of what it takes, or of what is linked to it. */
export function previewOf(node: NodeData | undefined): string | undefined {
  const type = node && nodeType(node.node);
  if (!node || !type?.output) return undefined;
  const { previews } = useServer.getState().types;
  if (previews.size === 0) return undefined;
  const { nodes } = currentGraph();
  const linked = inputsOf(node).flatMap(([, value]) => {
    const reference = referenceOf(value);
    const outputs = nodeType(nodes[reference?.node ?? ""]?.node ?? "")?.outputs ?? [];
    return (outputs.find(({ name }) => name === reference?.output) ?? outputs[0])?.type ?? [];
  });
  return [...type.inputs.map((input) => input.type), ...linked]
    .map((kind) => previews.get(kind))
    .find(Boolean);
}
