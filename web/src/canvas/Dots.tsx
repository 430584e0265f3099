import { useStoreApi } from "@xyflow/react";
import { useEffect, useRef } from "react";
import { whole } from "@/canvas/Pixels";

const GAP = 24;
/** Closer than so many pixels dots are a grey veil: only some of them are drawn. */
const CLOSEST = 14;

/** The distance of the dots on the screen. */
function spacing(zoom: number): number {
  let gap = GAP * zoom;
  while (gap < CLOSEST) gap *= 2;
  return gap;
}

/** The dotted ground. Panning only shifts it, by less than a dot's distance, which draws nothing anew. */
export function Dots() {
  const ground = useRef<HTMLElement>(null);
  const store = useStoreApi();
  useEffect(() => {
    let drawn = 0;
    const put = ([x, y, zoom]: readonly [number, number, number]) => {
      const style = ground.current?.style;
      if (!style) return;
      const gap = spacing(zoom);
      if (drawn !== zoom) {
        drawn = zoom;
        style.inset = `${-gap}px`;
        style.backgroundSize = `${gap}px ${gap}px`;
        style.setProperty("--zoom", String(Math.max(zoom, 1)));
      }
      style.transform = `translate(${whole(x % gap)}px, ${whole(y % gap)}px)`;
    };
    put(store.getState().transform);
    return store.subscribe(({ transform }, before) => {
      if (transform !== before.transform) put(transform);
    });
  }, [store]);
  return (
    <div className="dots" aria-hidden="true">
      <i ref={ground} />
    </div>
  );
}
