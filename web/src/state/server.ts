/** What the server knows: node types, and whether it answers. */

import { create } from "zustand";
import { api } from "@/api/client";
import type { Problem } from "@/api/shapes";
import { NO_TYPES, type NodeType, type TypeTable, typeTable } from "@/types/nodeType";

type Server = {
  types: TypeTable;
  loaded: boolean;
  connected: boolean | undefined;
  paused: boolean;
  problems: { [tab: string]: Problem[] };
  loadTypes(): Promise<void>;
};

export const useServer = create<Server>()((set) => ({
  types: NO_TYPES,
  loaded: false,
  connected: undefined,
  paused: false,
  problems: {},
  async loadTypes() {
    set({ types: typeTable(await api.nodeTypes()), loaded: true });
  },
}));

export function useNodeType(id: string): NodeType | undefined {
  return useServer(({ types }) => types.byId.get(types.aliases.get(id) ?? id));
}

export function nodeType(id: string): NodeType | undefined {
  const { types } = useServer.getState();
  return types.byId.get(types.aliases.get(id) ?? id);
}
