/** What is known of the models of a kind, asked once until files are looked for again. */

import { useEffect, useMemo } from "react";
import { createStore, type StoreApi, useStore } from "zustand";
import { api } from "@/api/client";
import type { JsonMap } from "@/document/workflow";
import { useServer } from "@/state/server";
import { type Model, modelNamed } from "@/types/families";
import type { NodeType, TypeTable } from "@/types/nodeType";

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

async function asked<T>({ store, ask }: Source<T>, kind: string): Promise<T[]> {
  const { types } = useServer.getState();
  const before = store.getState()[kind];
  if (before?.types === types && before.models.length > 0) return before.models;
  const { models } = await ask(kind);
  store.setState({ [kind]: { types, models } });
  return models;
}

/** The model files that a new node of a type begins with, where the first in a list cannot be read. */
export async function readableModels({ inputs }: NodeType): Promise<JsonMap> {
  const found: JsonMap = {};
  for (const { name, model_kind: kind, choices = [] } of inputs) {
    if (kind === undefined || choices.length < 2) continue;
    const models = await asked(LOOKS, kind).catch(() => []);
    const sound = choices.find((choice) => !modelNamed(models, choice)?.trouble);
    if (sound !== undefined && sound !== choices[0]) found[name] = sound;
  }
  return found;
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
