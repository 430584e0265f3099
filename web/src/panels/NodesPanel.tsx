import { useMemo, useState } from "react";
import { addAtCentre, NODE_TYPE } from "@/commands/adding";
import { useTerm } from "@/language/terms";
import { useText } from "@/language/text";
import { useServer } from "@/state/server";
import { search } from "@/text/fuzzy";
import { summary } from "@/types/nodeType";

/** All node types by category, with what they do. */
export function NodesPanel() {
  const t = useText();
  const term = useTerm();
  const [query, setQuery] = useState("");
  const types = useServer((state) => state.types);
  const found = useMemo(() => {
    const all = [...types.byId.values()].sort((a, b) => a.category.localeCompare(b.category));
    return search(query, all, (type) => [
      { text: term(type.display_name), weight: 1 },
      { text: type.display_name, weight: 1 },
      { text: type.id, weight: 0.9 },
      { text: type.description, weight: 0.2, whole: true },
    ]);
  }, [types, query, term]);

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
            {!query && found[index - 1]?.category !== type.category && (
              <h3>{term(type.category)}</h3>
            )}
            <button
              type="button"
              title={type.description}
              draggable
              onDragStart={(event) => event.dataTransfer.setData(NODE_TYPE, type.id)}
              onClick={() => addAtCentre(type)}
            >
              <b>{term(type.display_name)}</b>
              <small>{summary(type.description)}</small>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
