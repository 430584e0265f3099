import type { Node, NodeProps } from "@xyflow/react";
import { memo } from "react";
import { Changed, SignMark } from "@/diff/DiffNode";
import type { DrawnFrame } from "@/diff/sheet";

export type DiffFrameType = Node<{ drawn: DrawnFrame; here: boolean }, "frame">;

/** A group or a note of two documents, with its old words where they were others. */
export const DiffFrame = memo(function DiffFrame({ data }: NodeProps<DiffFrameType>) {
  const { kind, sign, text, before, colour } = data.drawn;
  const marks = [kind, "diff-frame", sign ?? "same", data.here && "selected"];
  return (
    <section
      className={marks.filter(Boolean).join(" ")}
      style={{ "--tint": colour } as React.CSSProperties}
    >
      {sign && <SignMark sign={sign} />}
      {before === undefined ? <span>{text}</span> : <Changed before={before} after={text} />}
    </section>
  );
});
