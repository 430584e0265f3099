/** What can be told of a node whose type is not installed: the outputs that others take. */

import { useMemo } from "react";
import { linksOf } from "@/document/links";
import { sourceOf } from "@/document/reference";
import type { Graph } from "@/document/workflow";
import { currentGraph, useTabs } from "@/state/tabs";
import type { NodeType, OutputType } from "@/types/nodeType";

/** Names of a node's outputs as links write them; empty for the first output. */
export function takenOutputs(graph: Graph, node: string): string[] {
  const ends = Object.values(graph.outputs ?? {}).map(sourceOf);
  const links = linksOf(graph).map(({ source, output }) => ({ node: source, output }));
  const taken = [...links, ...ends].filter((end) => end?.node === node);
  return [...new Set(taken.map((end) => end?.output ?? ""))].sort();
}

/** The outputs of a node's type, or those that are taken where it is not known. */
export function useOutputs(node: string, type: NodeType | undefined): readonly OutputType[] {
  const taken = useTabs((state) =>
    type ? "[]" : JSON.stringify(takenOutputs(currentGraph(state), node)),
  );
  return useMemo(
    () => type?.outputs ?? (JSON.parse(taken) as string[]).map((name) => ({ name, type: "*" })),
    [type, taken],
  );
}
