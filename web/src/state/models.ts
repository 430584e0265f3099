/** What is known of the models of a kind, asked once until files are looked for again. */

import { useEffect, useMemo } from "react";
import { createStore, type StoreApi, useStore } from "zustand";
import { api } from "@/api/client";
import { useServer } from "@/state/server";
import type { Model } from "@/types/families";
import type { TypeTable } from "@/types/nodeType";

type Known<T> = { [kind: string]: { types: TypeTable; models: T[] } };
type Ask<T> = (kind: string) => Promise<{ models: T[] }>;
type Source<T> = { store: StoreApi<Known<T>>; ask: Ask<T> };

const source = <T>(ask: Ask<T>): Source<T> => ({ store: createStore(() => ({})), ask });
const NAMES = source(api.models);
const LOOKS = source(api.modelLooks);

function fetchOnce<T>({ store, ask }: Source<T>, kind: string, types: TypeTable): void {
  const before = store.getState()[kind];
  if (before?.types === types) return;
  store.setState({ [kind]: { types, models: before?.models ?? [] } });
  void ask(kind).then(
    ({ models }) => store.setState({ [kind]: { types, models } }),
    () => undefined,
  );
}

/** The models of kinds as they come; asks for those that were never asked for. */
function useKinds<T>(from: Source<T>, kinds: readonly string[]): { [kind: string]: readonly T[] } {
  const types = useServer((state) => state.types);
  const known = useStore(from.store);
  const wanted = [...new Set(kinds)].join("\n");
  useEffect(() => {
    for (const kind of wanted.split("\n")) if (kind) fetchOnce(from, kind, types);
  }, [from, wanted, types]);
  return useMemo(
    () => Object.fromEntries(Object.entries(known).map(([kind, { models }]) => [kind, models])),
    [known],
  );
}

/** Families and pictures of the models of kinds. */
export const useLooks = (kinds: readonly string[]): { [kind: string]: readonly Model[] } =>
  useKinds(LOOKS, kinds);

/** The names of a kind's models, without the endings of their files. */
export function useModelNames(kind: string | undefined): string[] {
  const found = useKinds(NAMES, kind === undefined ? [] : [kind])[kind ?? ""];
  return useMemo(
    () => (found ?? []).map(({ name }) => name.replace(/\.(safetensors|pt|bin|ckpt)$/, "")),
    [found],
  );
}
