import { useMemo, useState } from "react";
import { useCanvas } from "@/canvas/selection";
import { addNode } from "@/document/edit";
import { useText } from "@/language/text";
import { useServer } from "@/state/server";
import { act, activeTab, useTabs } from "@/state/tabs";
import { search } from "@/text/fuzzy";
import { type NodeType, summary } from "@/types/nodeType";

/** All node types by category, with what they do. */
export function NodesPanel() {
  const t = useText();
  const [query, setQuery] = useState("");
  const types = useServer((state) => state.types);
  const found = useMemo(() => {
    const all = [...types.byId.values()].sort((a, b) => a.category.localeCompare(b.category));
    return search(query, all, (type) => [
      { text: type.display_name, weight: 1 },
      { text: type.id, weight: 0.9 },
      { text: type.description, weight: 0.2 },
    ]);
  }, [types, query]);

  function add(type: NodeType): void {
    const tab = activeTab();
    if (tab?.view === "form") useTabs.getState().change(tab.id, { view: "graph" });
    const { flow } = useCanvas.getState();
    const at = flow?.screenToFlowPosition({ x: innerWidth / 2, y: innerHeight / 2 }) ?? {
      x: 0,
      y: 0,
    };
    act((document, scope) => {
      const added = addNode(document, scope, type, at);
      useCanvas.setState({ wanted: [added.name] });
      return added.edit;
    });
  }

  return (
    <>
      <input
        className="field"
        aria-label={t.searchNodes}
        placeholder={t.searchNodes}
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      <ul className="list types">
        {found.map((type, index) => (
          <li key={type.id}>
            {!query && found[index - 1]?.category !== type.category && <h3>{type.category}</h3>}
            <button type="button" title={type.description} onClick={() => add(type)}>
              <b>{type.display_name}</b>
              <small>{summary(type.description)}</small>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
