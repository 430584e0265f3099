/** Seeds and runs: which were used, and what becomes of each after a run. */

import { setInput } from "@/document/edit";
import { graphAt, ROOT, type Scope } from "@/document/workflow";
import { nodeType } from "@/state/server";
import { useSettings } from "@/state/settings";
import { documentOf, useTabs } from "@/state/tabs";
import { nextSeed } from "@/text/seeds";

/** So many seeds of an input are remembered, and those of so many inputs. */
const KEPT = 12;
const INPUTS = 64;

/** An input of a tab's document, in the settings. */
export function seedKey(tab: string, scope: Scope, node: string, input: string): string {
  return [tab, ...scope.slice(1), `${node}.${input}`].join("/");
}

type Used = { readonly [key: string]: readonly string[] };

/** The seeds of inputs used last, the newest first, with one more. */
export function withUsed(used: Used, key: string, seed: string): Used {
  const { [key]: before = [], ...others } = used;
  const seeds = [seed, ...before.filter((one) => one !== seed)].slice(0, KEPT);
  return { ...Object.fromEntries(Object.entries(others).slice(1 - INPUTS)), [key]: seeds };
}

/** Remembers the seeds of a tab's run, and makes those of the next. */
export function passSeeds(tab: string): void {
  const document = documentOf(tab);
  if (!document) return;
  const { seeds, set } = useSettings.getState();
  let { usedSeeds } = useSettings.getState();
  const scopes = Object.keys(document.subgraphs ?? {}).map((id): Scope => ["subgraphs", id]);
  for (const scope of [ROOT, ...scopes])
    for (const [name, node] of Object.entries(graphAt(document, scope).nodes))
      for (const input of nodeType(node.node)?.inputs ?? []) {
        const seed = node[input.name];
        if (!input.seed || !/^\d+$/.test(String(seed))) continue;
        const key = seedKey(tab, scope, name, input.name);
        const after = seeds[key] ?? "fixed";
        usedSeeds = withUsed(usedSeeds, key, String(seed));
        if (after === "fixed") continue;
        const next = nextSeed(seed as number | string, after);
        const now = documentOf(tab);
        if (now) useTabs.getState().edit(setInput(now, scope, name, input.name, next), tab);
      }
  set({ usedSeeds });
}
