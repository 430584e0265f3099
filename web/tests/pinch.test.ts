import { expect, test } from "vitest";
import { pinched, ZOOM } from "@/canvas/pinch";

const VIEW = { x: 10, y: 20, zoom: 0.5 };

test("what lies between two fingers stays between them", () => {
  const before = { x: 110, y: 220, apart: 50 };
  const after = { x: 130, y: 200, apart: 100 };
  const view = pinched(VIEW, before, after);
  expect(view.zoom).toBe(1);
  const under = ({ x, y, zoom }: typeof VIEW, at: typeof before) => [
    (at.x - x) / zoom,
    (at.y - y) / zoom,
  ];
  expect(under(view, after)).toEqual(under(VIEW, before));
});

test("a pinch ends where the canvas ends", () => {
  const at = (apart: number) => ({ x: 0, y: 0, apart });
  expect(pinched(VIEW, at(10), at(1000)).zoom).toBe(ZOOM.max);
  expect(pinched(VIEW, at(1000), at(1)).zoom).toBe(ZOOM.min);
  expect(pinched(VIEW, at(0), at(1)).zoom).toBe(0.5);
});
