/** What the server knows: node types, and whether it answers. */

import { create } from "zustand";
import { api } from "@/api/client";
import type { Problem } from "@/api/shapes";
import { EMPTY, type Graph, type Workflow } from "@/document/workflow";
import { named, onWords, told } from "@/language/terms";
import { activeTab, useTabs } from "@/state/tabs";
import { graphType } from "@/types/graphType";
import { described, NO_TYPES, type NodeType, type TypeTable, typeTable } from "@/types/nodeType";

type Server = {
  /** Of what the server sent last. */
  digest: string;
  /** In the server's words. */
  sent: TypeTable;
  /** In the page's language. */
  types: TypeTable;
  loaded: boolean;
  connected: boolean | undefined;
  paused: boolean;
  problems: { [tab: string]: Problem[] };
  /** Grows with every look at what there is: node types, and files that they take. */
  looked: number;
  /** Grows with every workflow file that is saved, moved, deleted or restored. */
  files: number;
  /** Those that are there stay where nothing is another, if only `news` is wanted. */
  loadTypes(how?: "news"): Promise<void>;
};

export const useServer = create<Server>()((set, get) => ({
  digest: "",
  sent: NO_TYPES,
  types: NO_TYPES,
  loaded: false,
  connected: undefined,
  paused: false,
  problems: {},
  looked: 0,
  files: 0,
  async loadTypes(how) {
    const answer = await api.nodeTypes();
    const { digest } = answer;
    const looked = get().looked + 1;
    if (how === "news" && digest === get().digest) return set({ looked });
    const sent = typeTable(answer);
    set({ looked, digest, sent, types: described(sent, told, named), loaded: true });
  },
}));

onWords(() => useServer.setState(({ sent }) => ({ types: described(sent, told, named) })));

const graphTypes = new WeakMap<Graph, { types: TypeTable; type: NodeType }>();

/** The type a subgraph is, worked out once for each state of it. */
function ofGraph(types: TypeTable, id: string, graph: Graph | undefined): NodeType | undefined {
  if (!graph) return undefined;
  const known = graphTypes.get(graph);
  if (known?.types === types) return known.type;
  const type = graphType(id, graph, (inner) => lookUp(types, inner));
  graphTypes.set(graph, { types, type });
  return type;
}

const lookUp = (types: TypeTable, id: string) => types.byId.get(types.aliases.get(id) ?? id);

/** A node type, or a subgraph of the active document as one. */
export function useNodeType(id: string): NodeType | undefined {
  const types = useServer((state) => state.types);
  const graph = useTabs((state) => activeTab(state)?.log.document.subgraphs?.[id]);
  return lookUp(types, id) ?? ofGraph(types, id, graph);
}

export function nodeType(id: string): NodeType | undefined {
  return typeIn(activeTab()?.log.document ?? EMPTY, id);
}

/** The same for any document. */
export function typeIn({ subgraphs }: Workflow, id: string): NodeType | undefined {
  const { types } = useServer.getState();
  return lookUp(types, id) ?? ofGraph(types, id, subgraphs?.[id]);
}

/** Whether an input of a document's node types takes whole numbers. */
export function takesWhole(document: Workflow): (type: string, input: string) => boolean {
  return (type, input) => {
    const known = typeIn(document, type);
    // Of a node that is not installed, digits beyond 2^53 are a seed sooner than a text.
    return !known || known.inputs.find(({ name }) => name === input)?.type === "INT";
  };
}
