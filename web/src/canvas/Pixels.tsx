import { useStoreApi } from "@xyflow/react";
import { useEffect } from "react";

/** The nearest length that is whole on the screen. */
export function whole(length: number): number {
  return Math.round(length * window.devicePixelRatio) / window.devicePixelRatio;
}

/** Keeps the graph on whole pixels: what lies between them is worked out anew for every frame of a pan. */
export function Pixels() {
  const store = useStoreApi();
  useEffect(() => {
    let viewport: HTMLElement | null | undefined;
    const put = () => {
      const { transform, domNode } = store.getState();
      viewport ??= domNode?.querySelector<HTMLElement>(".react-flow__viewport");
      const [x, y] = transform;
      if (viewport) viewport.style.translate = `${whole(x) - x}px ${whole(y) - y}px`;
    };
    put();
    return store.subscribe((now, before) => {
      if (now.transform !== before.transform || now.domNode !== before.domNode) put();
    });
  }, [store]);
  return null;
}
