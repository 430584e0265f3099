/** Two fingers zoom and move the canvas wherever they are, on nodes and their fields as well. */

import type { ReactFlowInstance } from "@xyflow/react";

/** How small and how large the canvas may be shown. */
export const ZOOM = { min: 0.08, max: 2.5 };

/** The middle between two fingers, and how far apart they are. */
type Fingers = { x: number; y: number; apart: number };
type View = { x: number; y: number; zoom: number };

/** The view after two fingers went from one place to another: what lies between them stays there. */
export function pinched(view: View, before: Fingers, after: Fingers): View {
  const wanted = (view.zoom * after.apart) / Math.max(before.apart, 1);
  const zoom = Math.min(Math.max(wanted, ZOOM.min), ZOOM.max);
  const scale = zoom / view.zoom;
  return {
    zoom,
    x: after.x - (before.x - view.x) * scale,
    y: after.y - (before.y - view.y) * scale,
  };
}

/** Until the returned function is called. */
export function listenToPinches(
  canvas: HTMLElement,
  flowNow: () => ReactFlowInstance | undefined,
): () => void {
  let last: Fingers | undefined;
  let pinching = false;

  function read({ touches }: TouchEvent): Fingers {
    const [a, b] = [touches[0], touches[1]] as [Touch, Touch];
    const { left, top } = canvas.getBoundingClientRect();
    return {
      x: (a.clientX + b.clientX) / 2 - left,
      y: (a.clientY + b.clientY) / 2 - top,
      apart: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY),
    };
  }
  function onStart(event: TouchEvent): void {
    if (event.touches.length < 2) return;
    // What the first finger began is over: a number that it drags, a box, a long press.
    if (!pinching)
      for (const { target } of event.touches)
        target.dispatchEvent(new PointerEvent("pointercancel", { bubbles: true }));
    pinching = true;
    last = read(event);
    event.stopPropagation();
  }
  function onMove(event: TouchEvent): void {
    if (!pinching) return;
    // The finger that is left moves nothing either, until it is lifted too.
    event.stopPropagation();
    if (event.cancelable) event.preventDefault();
    const flow = flowNow();
    if (event.touches.length < 2 || !last || !flow) return;
    const now = read(event);
    void flow.setViewport(pinched(flow.getViewport(), last, now));
    last = now;
  }
  function onEnd({ touches }: TouchEvent): void {
    last = undefined;
    if (touches.length === 0) pinching = false;
  }
  const early = { capture: true, passive: false };
  canvas.addEventListener("touchstart", onStart, early);
  canvas.addEventListener("touchmove", onMove, early);
  canvas.addEventListener("touchend", onEnd, true);
  canvas.addEventListener("touchcancel", onEnd, true);
  return () => {
    canvas.removeEventListener("touchstart", onStart, early);
    canvas.removeEventListener("touchmove", onMove, early);
    canvas.removeEventListener("touchend", onEnd, true);
    canvas.removeEventListener("touchcancel", onEnd, true);
  };
}
