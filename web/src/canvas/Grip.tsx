import { useReactFlow } from "@xyflow/react";
import { useState } from "react";
import { styleNodes } from "@/document/edit";
import { act } from "@/state/tabs";

const NARROWEST = 160;

type Props = { node: string; onWidth(width: number | undefined): void };

/** The right edge of a node: dragged, it makes the node wider or narrower. */
export function Grip({ node, onWidth }: Props) {
  const { getZoom } = useReactFlow();
  const [start, setStart] = useState<{ x: number; width: number }>();
  const widthAt = (x: number) =>
    start && Math.max(NARROWEST, Math.round(start.width + (x - start.x) / getZoom()));
  return (
    <i
      className="node-edge nodrag"
      onPointerDown={(event) => {
        const width = event.currentTarget.parentElement?.offsetWidth;
        // A finger on the edge is one of two that pinch, or pans.
        if (event.pointerType === "touch" || event.button !== 0 || width === undefined) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        setStart({ x: event.clientX, width });
      }}
      onPointerMove={(event) => onWidth(widthAt(event.clientX))}
      onPointerUp={(event) => {
        const w = widthAt(event.clientX);
        setStart(undefined);
        onWidth(undefined);
        if (w !== undefined && w !== start?.width)
          act((d, scope) => styleNodes(d, scope, [node], (look) => ({ ...look, w }), "width"));
      }}
    />
  );
}
