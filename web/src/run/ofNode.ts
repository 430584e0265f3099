/** A node's run and plan for its view, which is drawn again only when these change. */

import { useShallow } from "zustand/shallow";
import type { Artifacts } from "@/api/shapes";
import { partsOf, runWithin } from "@/run/within";
import { type NodeRun, type TabRun, useRuns } from "@/state/runs";
import { useTabs } from "@/state/tabs";

function useParts<T>(
  node: string,
  from: (run: TabRun | undefined) => { [name: string]: T } | undefined,
) {
  const tab = useTabs(({ active }) => active);
  return useRuns(useShallow(({ tabs }) => partsOf(from(tabs[tab]), node)));
}

/** All runs that are a node's, and all that is planned of it. */
export const useRunParts = (node: string): readonly NodeRun[] =>
  useParts(node, (run) => run?.nodes);

export const usePlanParts = (node: string) => useParts(node, (run) => run?.plan?.nodes);

export function useRunState(node: string): NodeRun["state"] | undefined {
  const tab = useTabs(({ active }) => active);
  return useRuns(({ tabs }) => runWithin(partsOf(tabs[tab]?.nodes, node), 0)?.state);
}

/** The newest look at what a node is making. */
export function usePreview(node: string): string | undefined {
  const tab = useTabs(({ active }) => active);
  return useRuns(({ tabs }) => {
    const run = tabs[tab];
    const running = partsOf(run?.nodes, node).some(({ state }) => state === "running");
    return running ? partsOf(run?.previews, node).at(-1) : undefined;
  });
}

/** What a node made, in all its rounds. */
export function useMade(node: string): Artifacts | undefined {
  const parts = useParts(node, (run) => run?.outputs);
  const [only, another] = parts;
  if (!another) return only;
  const text = parts.flatMap((one) => one.text);
  return { files: parts.flatMap((one) => one.files), text };
}
