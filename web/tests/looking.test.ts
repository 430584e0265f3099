import { expect, test } from "vitest";
import { firstLook, lookAt } from "@/canvas/looking";

const CANVAS = { width: 1236, height: 756 };
const MAP = { width: 216, height: 156 };
const ZOOM = { min: 0.08, max: 1.2 };

test.each([
  ["wide", { x: 2000, y: 300 }],
  ["high", { x: 300, y: 2000 }],
  ["square", { x: 1600, y: 1000 }],
])("no node of a %s graph lies under the overview", (_, far) => {
  const boxes = [
    { x: 0, y: 0, width: 232, height: 300 },
    { ...far, width: 232, height: 300 },
  ];
  const { x, y, zoom } = lookAt(boxes, CANVAS, MAP, ZOOM);
  const ends = boxes.map((box) => [(box.x + 232) * zoom + x, (box.y + 300) * zoom + y] as const);
  for (const [right, bottom] of ends) {
    expect(right).toBeLessThan(CANVAS.width);
    expect(bottom).toBeLessThan(CANVAS.height);
    expect(right <= CANVAS.width - MAP.width + 1 || bottom <= CANVAS.height - MAP.height + 1).toBe(
      true,
    );
  }
});

test("a graph that leaves its corner free has the whole canvas", () => {
  const boxes = [
    { x: 0, y: 600, width: 232, height: 300 },
    { x: 1600, y: 0, width: 232, height: 300 },
  ];
  const whole = lookAt(boxes, CANVAS, { width: 0, height: 0 }, ZOOM);
  expect(lookAt(boxes, CANVAS, MAP, ZOOM)).toEqual(whole);
});

test("a phone begins where the graph does, and can read it", () => {
  const boxes = [
    { x: 1600, y: 40, width: 232, height: 300 },
    { x: 100, y: 60, width: 232, height: 300 },
    { x: 80, y: 900, width: 232, height: 300 },
  ];
  const none = { width: 0, height: 0 };
  const phone = { width: 390, height: 700 };
  const { x, y, zoom } = firstLook(boxes, phone, none, ZOOM);
  expect(zoom).toBeGreaterThanOrEqual(0.8);
  expect([100 * zoom + x, 60 * zoom + y]).toEqual([16, 16]);
  expect((100 + 232) * zoom + x).toBeLessThan(phone.width);
  expect(firstLook(boxes, CANVAS, MAP, ZOOM)).toEqual(lookAt(boxes, CANVAS, MAP, ZOOM));
});
