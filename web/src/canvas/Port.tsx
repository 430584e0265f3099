import { Handle, Position, useNodeId } from "@xyflow/react";
import { memo } from "react";
import { takeEnd } from "@/canvas/reconnecting";
import { useCanvas } from "@/canvas/selection";
import { useServer } from "@/state/server";
import { accepts, colourOf } from "@/types/compatible";

type Side = "in" | "out";
type Props = { name: string; type: string; side: Side; hollow?: boolean };

/** While a link is drawn: whether it could end here, by its type. */
function useSuits(type: string, side: Side): boolean | undefined {
  const types = useServer((state) => state.types);
  return useCanvas(({ drawing }) => {
    if (!drawing) return undefined;
    if (drawing.side === side) return false;
    return side === "in" ? accepts(types, type, drawing.type) : accepts(types, drawing.type, type);
  });
}

/** A port in its type's colour; its type is in the tooltip. */
export const Port = memo(function Port({ name, type, side, hollow }: Props) {
  const colour = useServer(({ types }) => colourOf(types, type));
  const suits = useSuits(type, side);
  const node = useNodeId();
  const waits = suits === undefined ? "" : suits ? "waiting" : "waiting unfit";
  return (
    <Handle
      id={name}
      type={side === "in" ? "target" : "source"}
      position={side === "in" ? Position.Left : Position.Right}
      className={["port", hollow && "hollow", waits].filter(Boolean).join(" ")}
      style={{ "--port": colour } as React.CSSProperties}
      role="img"
      title={`${name}: ${type}`}
      aria-label={`${name}: ${type}`}
      onMouseDownCapture={(event) => {
        if (side === "in" && !hollow && node) takeEnd(event, node, name);
      }}
    />
  );
});
