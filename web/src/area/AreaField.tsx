import { Suspense, useCallback, useState } from "react";
import { later } from "@/api/parts";
import { Stage } from "@/area/Stage";
import { useArea } from "@/area/useArea";
import { useText } from "@/language/text";
import { Tool } from "@/shell/Tool";

const AreaDialog = later(() => import("@/area/AreaDialog"));

/** The box that a node's x, y, width and height are, on a small picture of the whole. */
export default function AreaField({ node }: { node: string }) {
  const t = useText();
  const area = useArea(node);
  const [large, setLarge] = useState(false);
  const close = useCallback(() => setLarge(false), []);
  if (!area) return <p className="area-none quiet">{t.areaLinked}</p>;
  const { spec, box, whole, made, change, done } = area;
  return (
    <div className="area nodrag">
      <Stage
        spec={spec}
        box={box}
        whole={whole}
        made={made}
        label={node}
        onChange={(next) => change(box, next)}
        onDone={done}
      />
      <p className="area-line">
        <span>{whole.pixels ? t.areaOn(whole.pixels) : t.areaUnknown}</span>
        <Tool icon="fit" label={`${node}: ${t.areaLarge}`} onClick={() => setLarge(true)} />
      </p>
      {large && (
        <Suspense>
          <AreaDialog node={node} onClose={close} />
        </Suspense>
      )}
    </div>
  );
}
