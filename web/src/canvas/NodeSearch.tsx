import { useMemo } from "react";
import { goInto } from "@/canvas/dragging";
import { drawLink, portType } from "@/canvas/linking";
import { useCanvas } from "@/canvas/selection";
import { addNote } from "@/commands/frames";
import { holds } from "@/document/clipboard";
import { addNode, type End } from "@/document/edit";
import { type JsonMap, NOTE, type Place } from "@/document/workflow";
import { type Option, Picker } from "@/inputs/Picker";
import { useTerm } from "@/language/terms";
import { useText } from "@/language/text";
import { readableModels } from "@/state/models";
import { nodeType, useServer } from "@/state/server";
import { useSettings } from "@/state/settings";
import { act, asOne, shownGraph } from "@/state/tabs";
import { rankOf } from "@/types/common";
import { inputFor, outputFor } from "@/types/compatible";
import { type NodeType, summary } from "@/types/nodeType";

/** Where to search; and the port a link was dragged from. */
export type Asked = {
  at: Place;
  place: Place;
  from?: End & { side: "in" | "out" };
  /** The link that the node goes into. */
  into?: { from: End; to: End };
};

type Props = { asked: Asked; onClose(): void };

/** Finds a node type; dragged from a port, only what fits, what is used most first. */
export function NodeSearch({ asked, onClose }: Props) {
  const t = useText();
  const term = useTerm();
  const types = useServer((state) => state.types);
  const used = useSettings((state) => state.used);
  const { from, into } = asked;
  const options = useMemo<Option[]>(() => {
    const wire = from && portType(from, from.side);
    const ends = into && [portType(into.from, "out"), portType(into.to, "in")];
    const { document, scope } = shownGraph();
    const here = scope[1] ?? "";
    const graphs = Object.entries(document.subgraphs ?? {}).flatMap(([id, { nodes }]) =>
      id === here || holds(document, nodes, here) ? [] : [id],
    );
    const own = graphs.flatMap((id) => nodeType(id) ?? []);
    const fitting = [...own, ...types.byId.values()].filter((type) => {
      if (ends?.[0] && ends[1])
        return inputFor(types, type, ends[0]) && outputFor(types, type, ends[1]);
      if (!from || !wire) return true;
      return from.side === "out" ? inputFor(types, type, wire) : outputFor(types, type, wire);
    });
    const ranked = fitting.map((type) => ({ type, rank: rankOf(type, used) }));
    ranked.sort((a, b) => b.rank - a.rank);
    const note = { id: NOTE, label: t.addNote, detail: t.noteHint, also: "Note MarkdownNote" };
    const found = ranked.map(({ type, rank }) => ({
      rank,
      id: type.id,
      label: term(type.display_name),
      hint: term(type.category) || t.subgraphs,
      detail: summary(type.description),
      also: [...types.aliases]
        .filter(([, id]) => id === type.id)
        .map(([a]) => a)
        .concat(type.display_name)
        .join(" "),
    }));
    return from || into ? found : [...found, note];
  }, [types, used, from, into, t, term]);

  function pick(id: string): void {
    const type = nodeType(id);
    onClose();
    if (id === NOTE) addNote(asked.place);
    if (type) void readableModels(type).then((models) => asOne(() => add(type, models)));
  }

  function add(type: NodeType, models: JsonMap): void {
    let name = "";
    act((document, scope) => {
      const added = addNode(document, scope, type, asked.place, models);
      name = added.name;
      return added.edit;
    });
    if (into) goInto(name, type, into);
    else if (from?.side === "out") {
      const input = inputFor(types, type, portType(from, "out"));
      if (input) drawLink(from, { node: name, port: input });
    } else if (from) {
      const output = outputFor(types, type, portType(from, "in"));
      if (output) drawLink({ node: name, port: output }, from);
    }
    useSettings.getState().set({ used: { ...used, [type.id]: (used[type.id] ?? 0) + 1 } });
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
