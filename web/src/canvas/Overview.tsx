import { type Node, useReactFlow, useStore } from "@xyflow/react";
import { useEffect, useMemo, useRef } from "react";
import { WIDTH } from "@/canvas/rows";
import { useText } from "@/language/text";

const SIZE = { width: 200, height: 140 };
const USUAL_HEIGHT = 120;
const MARGIN = 8;

type Box = { left: number; top: number; right: number; bottom: number };

function boxOf({ position, measured, width, height }: Node): Box {
  const { x, y } = position;
  return {
    left: x,
    top: y,
    right: x + (measured?.width ?? width ?? WIDTH),
    bottom: y + (measured?.height ?? height ?? USUAL_HEIGHT),
  };
}

function around(boxes: readonly Box[]): Box {
  const [first, ...others] = boxes;
  if (!first) return { left: 0, top: 0, right: 1, bottom: 1 };
  const all = { ...first };
  for (const { left, top, right, bottom } of others) {
    all.left = Math.min(all.left, left);
    all.top = Math.min(all.top, top);
    all.right = Math.max(all.right, right);
    all.bottom = Math.max(all.bottom, bottom);
  }
  return all;
}

/** All nodes small, on one drawing: an element for each would slow down every drag. */
export function Overview({ nodes }: { nodes: readonly Node[] }) {
  const t = useText();
  const canvas = useRef<HTMLCanvasElement>(null);
  const flow = useReactFlow();
  const [x, y, zoom] = useStore((state) => state.transform);
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  const boxes = useMemo(() => nodes.map(boxOf), [nodes]);
  const view: Box = {
    left: -x / zoom,
    top: -y / zoom,
    right: (width - x) / zoom,
    bottom: (height - y) / zoom,
  };
  const all = around([...boxes, view]);
  const scale = Math.min(
    (SIZE.width - 2 * MARGIN) / (all.right - all.left),
    (SIZE.height - 2 * MARGIN) / (all.bottom - all.top),
  );
  const shift = {
    x: SIZE.width / 2 - ((all.left + all.right) / 2) * scale,
    y: SIZE.height / 2 - ((all.top + all.bottom) / 2) * scale,
  };

  useEffect(() => {
    const later = requestAnimationFrame(() => {
      const pen = canvas.current?.getContext("2d");
      if (!canvas.current || !pen) return;
      const density = window.devicePixelRatio;
      canvas.current.width = SIZE.width * density;
      canvas.current.height = SIZE.height * density;
      const by = scale * density;
      pen.setTransform(by, 0, 0, by, shift.x * density, shift.y * density);
      pen.fillStyle = getComputedStyle(canvas.current).color;
      for (const { left, top, right, bottom } of boxes)
        pen.fillRect(left, top, right - left, bottom - top);
    });
    return () => cancelAnimationFrame(later);
  }, [boxes, scale, shift.x, shift.y]);

  function go(event: React.PointerEvent<HTMLDivElement>): void {
    if (!event.buttons) return;
    const box = event.currentTarget.getBoundingClientRect();
    const at = { x: event.clientX - box.left, y: event.clientY - box.top };
    void flow.setCenter((at.x - shift.x) / scale, (at.y - shift.y) / scale, { zoom });
  }

  return (
    <div
      className="overview"
      role="img"
      aria-label={t.minimap}
      style={SIZE}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        go(event);
      }}
      onPointerMove={go}
      onWheel={({ deltaY }) => void (deltaY < 0 ? flow.zoomIn() : flow.zoomOut())}
    >
      <canvas ref={canvas} style={SIZE} />
      <i
        style={{
          translate: `${view.left * scale + shift.x}px ${view.top * scale + shift.y}px`,
          width: (view.right - view.left) * scale,
          height: (view.bottom - view.top) * scale,
        }}
      />
    </div>
  );
}
