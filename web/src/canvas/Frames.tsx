import { type NodeProps, NodeResizer } from "@xyflow/react";
import { memo, useState } from "react";
import { Draft } from "@/document/operation";
import { GROUP, NOTE } from "@/document/workflow";
import { useText } from "@/language/text";
import { act, currentGraph, useTabs } from "@/state/tabs";

function setLook(section: "groups" | "notes", id: string, change: object): void {
  act((document, scope) => {
    const before = currentGraph().layout?.[section]?.[id] ?? {};
    const path = [...scope, "layout", section, id];
    return new Draft(document)
      .set(path, { ...before, ...change } as never)
      .done(section, path.join("/"));
  });
}

type Box = { x: number; y: number; width: number; height: number };

function place({ x, y, width, height }: Box) {
  return { x: Math.round(x), y: Math.round(y), w: Math.round(width), h: Math.round(height) };
}

/** A frame that carries what lies inside it. */
export const GroupView = memo(function GroupView({ id, selected }: NodeProps) {
  const t = useText();
  const key = id.slice(GROUP.length);
  const group = useTabs((state) => currentGraph(state).layout?.groups?.[key]);
  if (!group) return null;
  return (
    <section className="group" style={{ "--tint": group.colour } as React.CSSProperties}>
      <NodeResizer
        isVisible={selected}
        onResizeEnd={(_, box) => setLook("groups", key, place(box))}
      />
      <div className="group-title nokey">
        <input
          aria-label={t.groupTitle}
          value={group.title}
          onChange={(event) => setLook("groups", key, { title: event.target.value })}
        />
      </div>
    </section>
  );
});

/** A remark on the canvas. */
export const NoteView = memo(function NoteView({ id, selected }: NodeProps) {
  const t = useText();
  const key = id.slice(NOTE.length);
  // Who writes in it selects words with the pointer; else a drag moves the note.
  const [writing, setWriting] = useState(false);
  const note = useTabs((state) => currentGraph(state).layout?.notes?.[key]);
  if (!note) return null;
  return (
    <section className="note nokey">
      <NodeResizer
        isVisible={selected}
        onResizeEnd={(_, box) => setLook("notes", key, place(box))}
      />
      <textarea
        className={writing ? "nowheel nodrag" : "nowheel"}
        onFocus={() => setWriting(true)}
        onBlur={() => setWriting(false)}
        aria-label={t.note}
        value={note.text}
        onChange={(event) => setLook("notes", key, { text: event.target.value })}
      />
    </section>
  );
});
