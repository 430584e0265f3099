/** What the canvas on the page shows, moved so that nodes are seen. */

import type { ReactFlowInstance, Rect } from "@xyflow/react";
import { firstLook, lookAt } from "@/canvas/looking";
import { ZOOM } from "@/canvas/pinch";
import { useCanvas } from "@/canvas/selection";

/** The rectangles of nodes, the size of the canvas, and what the overview covers of it. */
function surroundings(flow: ReactFlowInstance, ids: readonly string[]) {
  const canvas = document.querySelector(".canvas")?.getBoundingClientRect();
  const wanted = new Set(ids);
  const nodes = flow.getNodes().filter(({ id }) => ids.length === 0 || wanted.has(id));
  if (!canvas || nodes.length === 0) return undefined;
  const overview = document.querySelector(".overview")?.getBoundingClientRect();
  // On a phone it is there and not shown.
  const shown = overview && overview.width > 0;
  const covered = {
    width: shown ? canvas.right - overview.left : 0,
    height: shown ? canvas.bottom - overview.top : 0,
  };
  const boxes: Rect[] = nodes.map((node) => flow.getNodesBounds([node]));
  return { boxes, canvas, covered };
}

/** Shows some nodes, or all. */
export function fit(ids: readonly string[] = []): void {
  const { flow } = useCanvas.getState();
  const around = flow && surroundings(flow, ids);
  if (!around) return;
  const view = lookAt(around.boxes, around.canvas, around.covered, { min: ZOOM.min, max: 1.2 });
  void flow.setViewport(view, { duration: 150 });
}

/** Shows a graph that was not seen before. */
export function begin(flow: ReactFlowInstance): void {
  const around = surroundings(flow, []);
  if (!around) return;
  const view = firstLook(around.boxes, around.canvas, around.covered, { min: ZOOM.min, max: 1 });
  void flow.setViewport(view);
}
