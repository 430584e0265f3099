import { type Node, useReactFlow, useStoreApi } from "@xyflow/react";
import { useEffect, useMemo, useRef } from "react";
import { WIDTH } from "@/canvas/rows";
import { useText } from "@/language/text";
import { useSettings } from "@/state/settings";

const SIZE = { width: 200, height: 140 };
const USUAL_HEIGHT = 120;
const MARGIN = 8;

type Box = { left: number; top: number; right: number; bottom: number };
type View = { transform: readonly [number, number, number]; width: number; height: number };

function boxOf({ position, measured, width, height }: Node): Box {
  const { x, y } = position;
  return {
    left: x,
    top: y,
    right: x + (measured?.width ?? width ?? WIDTH),
    bottom: y + (measured?.height ?? height ?? USUAL_HEIGHT),
  };
}

function both(one: Box, other: Box): Box {
  return {
    left: Math.min(one.left, other.left),
    top: Math.min(one.top, other.top),
    right: Math.max(one.right, other.right),
    bottom: Math.max(one.bottom, other.bottom),
  };
}

/** From the graph to the overview, on which all nodes and the part in sight are to be seen. */
function lens(nodes: Box | undefined, { transform, width, height }: View) {
  const [x, y, zoom] = transform;
  const corner = { left: -x / zoom, top: -y / zoom };
  const sight = { ...corner, right: (width - x) / zoom, bottom: (height - y) / zoom };
  const all = nodes ? both(nodes, sight) : sight;
  const scale = Math.min(
    (SIZE.width - 2 * MARGIN) / Math.max(all.right - all.left, 1),
    (SIZE.height - 2 * MARGIN) / Math.max(all.bottom - all.top, 1),
  );
  return {
    scale,
    zoom,
    left: SIZE.width / 2 - ((all.left + all.right) / 2) * scale,
    top: SIZE.height / 2 - ((all.top + all.bottom) / 2) * scale,
    sight: { ...corner, width: width / zoom, height: height / zoom },
  };
}

/** All nodes small, on one drawing: an element for each would slow down every drag. */
export function Overview({ nodes }: { nodes: readonly Node[] }) {
  const t = useText();
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useRef<HTMLElement>(null);
  const flow = useReactFlow();
  const store = useStoreApi();
  const boxes = useMemo(() => nodes.map(boxOf), [nodes]);
  const whole = useMemo(
    () => boxes.reduce<Box | undefined>((all, box) => (all ? both(all, box) : box), undefined),
    [boxes],
  );

  useEffect(() => {
    let asked = 0;
    let drawn = "";
    function put(): void {
      asked = 0;
      const { scale, left, top, sight } = lens(whole, store.getState());
      const style = frame.current?.style;
      if (style) {
        style.translate = `${sight.left * scale + left}px ${sight.top * scale + top}px`;
        style.width = `${sight.width * scale}px`;
        style.height = `${sight.height * scale}px`;
      }
      const now = `${scale} ${left} ${top}`;
      if (now === drawn) return;
      drawn = now;
      const pen = canvas.current?.getContext("2d");
      if (!canvas.current || !pen) return;
      const density = window.devicePixelRatio;
      canvas.current.width = SIZE.width * density;
      canvas.current.height = SIZE.height * density;
      const by = scale * density;
      pen.setTransform(by, 0, 0, by, left * density, top * density);
      pen.fillStyle = getComputedStyle(canvas.current).color;
      for (const box of boxes)
        pen.fillRect(box.left, box.top, box.right - box.left, box.bottom - box.top);
    }
    const again = () => {
      asked ||= requestAnimationFrame(put);
    };
    again();
    const stops = [
      store.subscribe((now, before) => {
        const moved = now.transform !== before.transform;
        if (moved || now.width !== before.width || now.height !== before.height) again();
      }),
      useSettings.subscribe(() => {
        drawn = "";
        again();
      }),
    ];
    return () => {
      cancelAnimationFrame(asked);
      for (const stop of stops) stop();
    };
  }, [boxes, whole, store]);

  function go(event: React.PointerEvent<HTMLDivElement>): void {
    if (!event.buttons) return;
    const box = event.currentTarget.getBoundingClientRect();
    const { scale, left, top, zoom } = lens(whole, store.getState());
    const [x, y] = [event.clientX - box.left - left, event.clientY - box.top - top];
    void flow.setCenter(x / scale, y / scale, { zoom });
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
      <i ref={frame} />
    </div>
  );
}
