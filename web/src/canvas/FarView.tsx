import { type Edge, type InternalNode, type Node, useStoreApi } from "@xyflow/react";
import { useEffect, useRef } from "react";
import { whole } from "@/canvas/Pixels";
import { GROUP, modeOf, NOTE, titleOf } from "@/document/workflow";
import { partsOf, runWithin } from "@/run/within";
import { useRuns } from "@/state/runs";
import { useSettings } from "@/state/settings";
import { currentGraph, runName, useTabs } from "@/state/tabs";

/** Sizes of names: in the graph, and the least on the screen. */
const TITLE = 26;
const LARGEST_TITLE = 56;
const SMALLEST = 8;
const LINK = 3;
/** What is drawn beyond each side of the screen, as a share of it: a pan so far only shifts the drawing. */
const BEYOND = 0.4;

type Point = { x: number; y: number };
type Pen = CanvasRenderingContext2D;

function portAt(node: InternalNode | undefined, side: "source" | "target", port: string) {
  const found = node?.internals.handleBounds?.[side]?.find(({ id }) => id === port);
  if (!node || !found) return undefined;
  const { x, y } = node.internals.positionAbsolute;
  return { x: x + found.x + found.width / 2, y: y + found.y + found.height / 2 };
}

/** A colour as a canvas takes it: a name of the page's own is looked up. */
function plain(colour: string, style: CSSStyleDeclaration): string {
  const name = /^var\((--[\w-]+)\)$/.exec(colour)?.[1];
  return name ? style.getPropertyValue(name) : colour;
}

function curve(pen: Pen, from: Point, to: Point): void {
  const bend = Math.max(40, Math.abs(to.x - from.x) * 0.4);
  pen.moveTo(from.x, from.y);
  pen.bezierCurveTo(from.x + bend, from.y, to.x - bend, to.y, to.x, to.y);
}

/** The boxes in sight with their names, on the colours of what became of them. */
function drawNodes(
  pen: Pen,
  nodes: readonly InternalNode[],
  zoom: number,
  style: CSSStyleDeclaration,
): void {
  const colour = (name: string) => style.getPropertyValue(name);
  const state = useTabs.getState();
  const { nodes: all, layout } = currentGraph(state);
  const runs = useRuns.getState().tabs[state.active]?.nodes;
  const [surface, line, ink] = [colour("--surface"), colour("--line-strong"), colour("--ink")];
  const edges = { running: colour("--accent"), failed: colour("--bad") } as {
    [state: string]: string;
  };
  const size = Math.max(TITLE, SMALLEST / zoom);
  const named = size <= LARGEST_TITLE;
  pen.font = `600 ${size}px ${colour("--font")}`;
  pen.textBaseline = "top";
  for (const { id, measured, selected, internals } of nodes) {
    const data = all[id];
    if (!data) continue;
    const { x, y } = internals.positionAbsolute;
    const { width = 0, height = 0 } = measured;
    const run = runWithin(partsOf(runs, runName(id, state)), 0)?.state ?? "";
    pen.globalAlpha = modeOf(data) ? 0.45 : 1;
    pen.fillStyle = surface;
    pen.fillRect(x, y, width, height);
    const tint = layout?.nodes?.[id]?.colour;
    if (tint) {
      pen.fillStyle = plain(tint, style);
      pen.fillRect(x, y, width, 12);
    }
    pen.strokeStyle = selected ? colour("--accent") : (edges[run] ?? line);
    pen.lineWidth = (selected || edges[run] ? 2 : 1) / zoom;
    pen.strokeRect(x, y, width, height);
    if (!named) continue;
    pen.fillStyle = ink;
    pen.fillText(titleOf(id, data), x + 14, y + 18, width - 28);
  }
  pen.globalAlpha = 1;
}

/** Many nodes too small to read, and their links: one picture, which is drawn in a few milliseconds. */
export function FarView({ nodes, edges }: { nodes: readonly Node[]; edges: readonly Edge[] }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const store = useStoreApi();
  useEffect(() => {
    let asked = 0;
    /** The place at which all was drawn last. */
    let drawn: readonly [number, number, number] | undefined;
    /** Whether the drawing reaches as far as the screen looks now; if so, shifts it there. */
    function shifted(): boolean {
      const { transform, width, height } = store.getState();
      const [x, y, zoom] = transform;
      if (!canvas.current || drawn?.[2] !== zoom) return false;
      const [across, down] = [x - drawn[0], y - drawn[1]];
      if (Math.abs(across) > BEYOND * width || Math.abs(down) > BEYOND * height) return false;
      canvas.current.style.translate = `${whole(across)}px ${whole(down)}px`;
      return true;
    }
    function draw(): void {
      asked = 0;
      const sheet = canvas.current;
      const pen = sheet?.getContext("2d");
      if (!sheet || !pen) return;
      const { transform, width, height, nodeLookup } = store.getState();
      const [x, y, zoom] = transform;
      drawn = transform;
      const density = window.devicePixelRatio;
      const [beside, above] = [whole(BEYOND * width), whole(BEYOND * height)];
      const [wide, high] = [width + 2 * beside, height + 2 * above];
      const [columns, rows] = [Math.round(wide * density), Math.round(high * density)];
      if (sheet.width !== columns || sheet.height !== rows) {
        sheet.width = columns;
        sheet.height = rows;
        Object.assign(sheet.style, { left: `${-beside}px`, top: `${-above}px` });
        Object.assign(sheet.style, { width: `${wide}px`, height: `${high}px` });
      } else {
        pen.setTransform(1, 0, 0, 1, 0, 0);
        pen.clearRect(0, 0, columns, rows);
      }
      sheet.style.translate = "0";
      const scale = zoom * density;
      pen.setTransform(scale, 0, 0, scale, (x + beside) * density, (y + above) * density);
      const style = getComputedStyle(sheet);
      const [left, top] = [-(x + beside) / zoom, -(y + above) / zoom];
      const [right, bottom] = [left + wide / zoom, top + high / zoom];
      const curves = new Map<string, [Point, Point][]>();
      for (const { source, sourceHandle, target, targetHandle, style: look } of edges) {
        const from = portAt(nodeLookup.get(source), "source", sourceHandle ?? "");
        const to = portAt(nodeLookup.get(target), "target", targetHandle ?? "");
        if (!from || !to || Math.max(from.y, to.y) < top || Math.min(from.y, to.y) > bottom)
          continue;
        if (Math.max(from.x, to.x) < left || Math.min(from.x, to.x) > right) continue;
        const colour = String(look?.stroke);
        const found = curves.get(colour);
        if (found) found.push([from, to]);
        else curves.set(colour, [[from, to]]);
      }
      pen.lineWidth = LINK;
      for (const [colour, all] of curves) {
        pen.strokeStyle = plain(colour, style);
        pen.beginPath();
        for (const [from, to] of all) curve(pen, from, to);
        pen.stroke();
      }
      const inSight = [...nodeLookup.values()].filter(({ id, measured, internals }) => {
        const { x, y } = internals.positionAbsolute;
        if (id.startsWith(GROUP) || id.startsWith(NOTE) || x > right || y > bottom) return false;
        return x + (measured.width ?? 0) >= left && y + (measured.height ?? 0) >= top;
      });
      drawNodes(pen, inSight, zoom, style);
    }
    const again = () => {
      asked ||= requestAnimationFrame(draw);
    };
    again();
    const stops = [
      store.subscribe((now, before) => {
        if (now.width !== before.width || now.height !== before.height) again();
        else if (now.transform !== before.transform && !asked && !shifted()) again();
      }),
      useRuns.subscribe(again),
      useSettings.subscribe(again),
    ];
    return () => {
      cancelAnimationFrame(asked);
      for (const stop of stops) stop();
    };
  }, [nodes, edges, store]);
  return <canvas ref={canvas} className="far-view" />;
}
