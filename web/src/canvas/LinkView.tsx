import { BaseEdge, type EdgeProps, getBezierPath } from "@xyflow/react";
import { memo } from "react";
import { bend } from "@/canvas/rerouting";
import type { Slot } from "@/document/links";
import { useText } from "@/language/text";

/** A link: a curve in the colour of its type with a thin dark edge. A click on its middle bends it. */
export const LinkView = memo(function LinkView(props: EdgeProps) {
  const t = useText();
  const [path, x, y] = getBezierPath({
    sourceX: props.sourceX,
    sourceY: props.sourceY,
    sourcePosition: props.sourcePosition,
    targetX: props.targetX,
    targetY: props.targetY,
    targetPosition: props.targetPosition,
    curvature: 0.3,
  });
  return (
    <>
      <path d={path} className="link-edge" />
      <BaseEdge
        path={path}
        {...(props.style ? { style: props.style } : {})}
        interactionWidth={14}
      />
      {/* The keyboard bends links by their menu. */}
      <circle
        className="link-middle"
        cx={x}
        cy={y}
        r={6}
        style={props.style}
        onClick={(event) => {
          if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.stopPropagation();
          if (event.detail > 1) return;
          const slot = props.data as { slot: Slot } | undefined;
          bend({ node: props.target, port: props.targetHandleId ?? "", ...slot }, { x, y });
        }}
      >
        <title>{t.bend}</title>
      </circle>
    </>
  );
});
