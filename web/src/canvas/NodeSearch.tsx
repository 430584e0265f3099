import { useMemo } from "react";
import { drawLink, portType } from "@/canvas/linking";
import { useCanvas } from "@/canvas/selection";
import { addNode, type End } from "@/document/edit";
import type { Place } from "@/document/workflow";
import { type Option, Picker } from "@/inputs/Picker";
import { useText } from "@/language/text";
import { nodeType, useServer } from "@/state/server";
import { useSettings } from "@/state/settings";
import { act, shownGraph } from "@/state/tabs";
import { inputFor, outputFor } from "@/types/compatible";
import { summary } from "@/types/nodeType";

/** Where to search, and the port a link was dragged from. */
export type Asked = { at: Place; place: Place; from?: End & { side: "in" | "out" } };

type Props = { asked: Asked; onClose(): void };

/** Finds a node type; dragged from a port, only what fits, what is used most first. */
export function NodeSearch({ asked, onClose }: Props) {
  const t = useText();
  const types = useServer((state) => state.types);
  const used = useSettings((state) => state.used);
  const { from } = asked;
  const options = useMemo<Option[]>(() => {
    const wire = from && portType(from, from.side);
    const { document, scope } = shownGraph();
    const graphs = Object.keys(document.subgraphs ?? {}).filter((id) => id !== scope[1]);
    const own = graphs.flatMap((id) => nodeType(id) ?? []);
    const fitting = [...own, ...types.byId.values()].filter((type) => {
      if (!from || !wire) return true;
      return from.side === "out" ? inputFor(types, type, wire) : outputFor(types, type, wire);
    });
    fitting.sort((a, b) => (used[b.id] ?? 0) - (used[a.id] ?? 0));
    return fitting.map((type) => ({
      id: type.id,
      label: type.display_name,
      hint: type.category || t.subgraphs,
      detail: summary(type.description),
      also: [...types.aliases]
        .filter(([, id]) => id === type.id)
        .map(([a]) => a)
        .join(" "),
    }));
  }, [types, used, from, t]);

  function pick(id: string): void {
    const type = nodeType(id);
    onClose();
    if (!type) return;
    let name = "";
    act((document, scope) => {
      const added = addNode(document, scope, type, asked.place);
      name = added.name;
      return added.edit;
    });
    if (from?.side === "out") {
      const input = inputFor(types, type, portType(from, "out"));
      if (input) drawLink(from, { node: name, port: input });
    } else if (from) {
      const output = outputFor(types, type, portType(from, "in"));
      if (output) drawLink({ node: name, port: output }, from);
    }
    useSettings.getState().set({ used: { ...used, [id]: (used[id] ?? 0) + 1 } });
    useCanvas.setState({ wanted: [name] });
  }

  return (
    <Picker
      options={options}
      at={asked.at}
      label={t.searchNodes}
      wide
      onPick={pick}
      onClose={onClose}
    />
  );
}
