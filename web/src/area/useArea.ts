import { useCallback, useMemo } from "react";
import { fileUrl } from "@/api/client";
import { areaOf, type Box, boxOf } from "@/area/box";
import { useSizes, useWanted } from "@/area/pictures";
import { setBox } from "@/area/setBox";
import { nodesBelow, wholeOf } from "@/area/whole";
import { linksOf } from "@/document/links";
import { useRuns } from "@/state/runs";
import { nodeType, useServer } from "@/state/server";
import { act, runName, useGraph, useTabs } from "@/state/tabs";

/** The newest picture that a node's box had a part in, as far as this page saw it made. */
function useMadeBelow(node: string): string | undefined {
  const graph = useGraph();
  const below = useMemo(() => nodesBelow(linksOf(graph), node), [graph, node]);
  return useRuns(({ tabs }) => {
    const outputs = tabs[useTabs.getState().active]?.outputs ?? {};
    const files = below.flatMap((name) => outputs[runName(name)]?.files ?? []);
    const picture = files.find(({ media_type }) => media_type.startsWith("image/"));
    return picture && fileUrl(picture);
  });
}

/** A node's box, what it lies on, and how it is changed; undefined where it has none. */
export function useArea(node: string) {
  const graph = useGraph();
  const types = useServer((state) => state.types);
  const sizes = useSizes();
  const data = graph.nodes[node];
  const whole = useMemo(() => wholeOf(graph, nodeType, node, sizes), [graph, types, node, sizes]);
  useWanted(whole?.wanted);
  const made = useMadeBelow(node);
  const spec = data && areaOf(nodeType(data.node));
  const box = spec && boxOf(spec, data);
  const change = useCallback(
    (before: Box, after: Box) => act((d, scope) => setBox(d, scope, node, before, after)),
    [node],
  );
  const done = useCallback((undone: boolean) => {
    const { seal, undo } = useTabs.getState();
    seal();
    if (undone) undo();
  }, []);
  return spec && box && whole ? { spec, box, whole, made, change, done } : undefined;
}
