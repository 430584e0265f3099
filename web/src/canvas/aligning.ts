/** Selected nodes in line, or at equal distances, by their edges as they are drawn. */

import type { Place } from "@/document/workflow";

export type Box = Place & { name: string; width: number; height: number };
export type Line = "left" | "right" | "top" | "bottom" | "centre" | "middle";
export type Places = { [name: string]: Place };

/** Puts edges, or centres, on one line: that of the outermost box, or the middle of all. */
export function align(boxes: readonly Box[], line: Line): Places {
  const left = Math.min(...boxes.map(({ x }) => x));
  const top = Math.min(...boxes.map(({ y }) => y));
  const right = Math.max(...boxes.map(({ x, width }) => x + width));
  const bottom = Math.max(...boxes.map(({ y, height }) => y + height));
  const put = ({ x, y, width, height }: Box): Place => {
    if (line === "left") return { x: left, y };
    if (line === "right") return { x: right - width, y };
    if (line === "centre") return { x: (left + right - width) / 2, y };
    if (line === "top") return { x, y: top };
    if (line === "bottom") return { x, y: bottom - height };
    return { x, y: (top + bottom - height) / 2 };
  };
  return Object.fromEntries(boxes.map((box) => [box.name, put(box)]));
}

/** Makes the gaps between boxes equal; the first and the last stay where they are. */
export function spread(boxes: readonly Box[], axis: "x" | "y"): Places {
  const length = axis === "x" ? "width" : "height";
  const sorted = [...boxes].sort((a, b) => a[axis] - b[axis]);
  const [first, last] = [sorted[0], sorted[sorted.length - 1]];
  if (!first || !last || sorted.length < 3) return {};
  const room = last[axis] + last[length] - first[axis];
  const gap = (room - sorted.reduce((sum, box) => sum + box[length], 0)) / (sorted.length - 1);
  let next = first[axis];
  return Object.fromEntries(
    sorted.map((box) => {
      const place = { x: box.x, y: box.y, [axis]: next };
      next += box[length] + gap;
      return [box.name, place];
    }),
  );
}
