import { type Edge, EdgeLabelRenderer, type EdgeProps, getBezierPath } from "@xyflow/react";
import { memo } from "react";
import { SIGNS } from "@/diff/words";
import type { Sign } from "@/document/difference";

export type DiffLinkType = Edge<{ sign?: Sign; colour: string }, "diff">;

/** A link of two documents: plain where both have it, else in the colour of its sign, with the sign on it. */
export const DiffLink = memo(function DiffLink({ data, ...ends }: EdgeProps<DiffLinkType>) {
  const [path, x, y] = getBezierPath({ ...ends, curvature: 0.3 });
  const sign = data?.sign;
  return (
    <>
      <path
        d={path}
        className={`diff-link ${sign ?? "same"}`}
        style={{ "--port": data?.colour } as React.CSSProperties}
      />
      {sign && (
        <EdgeLabelRenderer>
          <b
            className={`sign on-link ${sign}`}
            style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
            aria-hidden="true"
          >
            {SIGNS[sign]}
          </b>
        </EdgeLabelRenderer>
      )}
    </>
  );
});
