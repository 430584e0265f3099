import { type ConnectionLineComponentProps, getBezierPath } from "@xyflow/react";
import { portType } from "@/canvas/linking";
import { refusalOf } from "@/canvas/refusal";
import { useServer } from "@/state/server";
import { colourOf } from "@/types/compatible";

const WIDTH = 280;

/** A link while it is drawn: in its type's colour, with the reason where it may not end. */
export function LinkDrawn(props: ConnectionLineComponentProps) {
  const { fromHandle, toHandle, toX, toY } = props;
  const types = useServer((state) => state.types);
  const side = fromHandle.type === "source" ? "out" : "in";
  const type = portType({ node: fromHandle.nodeId, port: fromHandle.id ?? "" }, side);
  const reason = refusalOf({ fromHandle, toHandle });
  const [path] = getBezierPath({
    sourceX: props.fromX,
    sourceY: props.fromY,
    sourcePosition: props.fromPosition,
    targetX: toX,
    targetY: toY,
    targetPosition: props.toPosition,
    curvature: 0.3,
  });
  return (
    <>
      <path d={path} className="link-edge" />
      <path
        d={path}
        className={reason ? "link-drawn refused" : "link-drawn"}
        style={{ stroke: colourOf(types, type) }}
      />
      {reason && (
        <foreignObject x={toX - WIDTH / 2} y={toY + 14} width={WIDTH} height={80}>
          <p className="link-reason">{reason}</p>
        </foreignObject>
      )}
    </>
  );
}
