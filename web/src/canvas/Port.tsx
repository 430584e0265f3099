import { Handle, Position } from "@xyflow/react";
import { memo } from "react";
import { useServer } from "@/state/server";
import { colourOf } from "@/types/compatible";

type Props = { name: string; type: string; side: "in" | "out"; hollow?: boolean };

/** A port in its type's colour; its type is in the tooltip. */
export const Port = memo(function Port({ name, type, side, hollow }: Props) {
  const colour = useServer(({ types }) => colourOf(types, type));
  return (
    <Handle
      id={name}
      type={side === "in" ? "target" : "source"}
      position={side === "in" ? Position.Left : Position.Right}
      className={hollow ? "port hollow" : "port"}
      style={{ "--port": colour } as React.CSSProperties}
      role="img"
      title={`${name}: ${type}`}
      aria-label={`${name}: ${type}`}
    />
  );
});
