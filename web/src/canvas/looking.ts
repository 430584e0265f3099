/** Where the canvas looks so that all of some nodes is seen, and none lies under the overview. */

import { getViewportForBounds, type Rect, type Viewport } from "@xyflow/react";

type Padding = Parameters<typeof getViewportForBounds>[5];
type Size = { width: number; height: number };

const PADDING = 0.08;
/** Canvases that are not wider begin where the graph does, rather than with all of it too small to read. */
const NARROW = 600;
const LEGIBLE = 0.8;
const EDGE = 16;

type Rest = [canvas: Size, covered: Size, zoom: { min: number; max: number }];

/** covered: the corner at the right and the bottom that something else stands in. */
export function lookAt(
  boxes: readonly Rect[],
  { width, height }: Size,
  covered: Size,
  zoom: { min: number; max: number },
): Viewport {
  const left = Math.min(...boxes.map(({ x }) => x));
  const top = Math.min(...boxes.map(({ y }) => y));
  const all = {
    x: left,
    y: top,
    width: Math.max(...boxes.map((box) => box.x + box.width)) - left,
    height: Math.max(...boxes.map((box) => box.y + box.height)) - top,
  };
  const view = (padding: Padding) =>
    getViewportForBounds(all, width, height, zoom.min, zoom.max, padding);
  const clear = ({ x, y, zoom: by }: Viewport) =>
    !boxes.some(
      (box) =>
        (box.x + box.width) * by + x > width - covered.width &&
        (box.y + box.height) * by + y > height - covered.height,
    );
  const whole = view(PADDING);
  if (clear(whole)) return whole;
  const above = view({ x: PADDING, top: PADDING, bottom: `${covered.height}px` });
  const beside = view({ y: PADDING, left: PADDING, right: `${covered.width}px` });
  return above.zoom >= beside.zoom ? above : beside;
}

/** The same where a graph is seen for the first time. */
export function firstLook(boxes: readonly Rect[], ...rest: Rest): Viewport {
  const [{ width }] = rest;
  const whole = lookAt(boxes, ...rest);
  const [first, ...others] = boxes;
  if (!first || width > NARROW || whole.zoom >= LEGIBLE) return whole;
  const { x, y } = others.reduce((a, b) => (b.x + b.y < a.x + a.y ? b : a), first);
  return { x: EDGE - x * LEGIBLE, y: EDGE - y * LEGIBLE, zoom: LEGIBLE };
}
