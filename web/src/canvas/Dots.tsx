import { useStoreApi, ViewportPortal } from "@xyflow/react";
import { useEffect, useRef } from "react";

const GAP = 24;
/** Closer than so many pixels dots are a grey veil: only some of them are drawn. */
const CLOSEST = 14;
/** Radius of a dot and width of its soft edge, in pixels; it grows with the graph, but does not shrink. */
const DOT = 0.7;
const EDGE = 0.5;
/** A zoom that stays for so long (ms) is what dots are drawn for; until then they are scaled with all else. */
const STAYS = 120;

/** The distance of the dots in the graph. */
function spacing(zoom: number): number {
  let gap = GAP;
  while (gap * zoom < CLOSEST) gap *= 2;
  return gap;
}

/**
 * The dotted ground. It lies in the graph, on one layer with it: apart, every frame of a pan would lay
 * one upon the other all over the screen.
 */
export function Dots() {
  const ground = useRef<HTMLElement>(null);
  const store = useStoreApi();
  useEffect(() => {
    let waits = 0;
    function put(): void {
      const style = ground.current?.style;
      const zoom = store.getState().transform[2];
      style?.setProperty("--gap", `${spacing(zoom)}px`);
      style?.setProperty("--dot", `${(DOT * Math.max(zoom, 1)) / zoom}px`);
      style?.setProperty("--edge", `${EDGE / zoom}px`);
    }
    put();
    const stop = store.subscribe(({ transform }, before) => {
      if (transform[2] === before.transform[2]) return;
      clearTimeout(waits);
      waits = window.setTimeout(put, STAYS);
    });
    return () => {
      clearTimeout(waits);
      stop();
    };
  }, [store]);
  return (
    <ViewportPortal>
      <i ref={ground} className="ground" aria-hidden="true" />
    </ViewportPortal>
  );
}
