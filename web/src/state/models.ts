/** Names of the models of a kind, asked once until files are looked for again. */

import { useEffect } from "react";
import { create } from "zustand";
import { api } from "@/api/client";
import { useServer } from "@/state/server";
import type { TypeTable } from "@/types/nodeType";

type Names = { types: TypeTable; names: string[] };

const useModels = create<{ [kind: string]: Names }>()(() => ({}));
const NONE: string[] = [];

/** The names of a kind's models, without the endings of their files. */
export function useModelNames(kind: string | undefined): string[] {
  const types = useServer((state) => state.types);
  const found = useModels((state) => (kind === undefined ? undefined : state[kind]));
  useEffect(() => {
    if (kind === undefined || found?.types === types) return;
    useModels.setState({ [kind]: { types, names: found?.names ?? NONE } });
    void api.models(kind).then(
      ({ models }) => {
        const names = models.map(({ name }) => name.replace(/\.(safetensors|pt|bin|ckpt)$/, ""));
        useModels.setState({ [kind]: { types, names } });
      },
      () => undefined,
    );
  }, [kind, types, found]);
  return found?.names ?? NONE;
}
