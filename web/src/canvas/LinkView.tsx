import { BaseEdge, type EdgeProps, getBezierPath } from "@xyflow/react";
import { memo } from "react";

/** A link: a curve in the colour of its type with a thin dark edge. */
export const LinkView = memo(function LinkView(props: EdgeProps) {
  const [path] = getBezierPath({
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
    </>
  );
});
