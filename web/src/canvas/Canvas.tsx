import {
  applyEdgeChanges,
  applyNodeChanges,
  type Edge,
  type Node,
  ReactFlow,
  type ReactFlowProps,
  SelectionMode,
  useConnection,
  useOnViewportChange,
  type Viewport,
} from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Crumbs } from "@/canvas/Crumbs";
import { Dots } from "@/canvas/Dots";
import { isDrawn, MANY, READABLE } from "@/canvas/detail";
import { dropOnLink, dropped, nudged } from "@/canvas/dragging";
import { EndView } from "@/canvas/EndView";
import { FarView } from "@/canvas/FarView";
import { FirstLook } from "@/canvas/FirstLook";
import { GroupView, NoteView } from "@/canvas/Frames";
import { endOf, toEdges, toNodes } from "@/canvas/flow";
import { HANDLERS, takenAlong } from "@/canvas/handlers";
import { LinkDrawn } from "@/canvas/LinkDrawn";
import { LinkView } from "@/canvas/LinkView";
import { cutLink } from "@/canvas/linking";
import { longPress } from "@/canvas/longPress";
import { type Asked, NodeSearch } from "@/canvas/NodeSearch";
import { NodeView } from "@/canvas/NodeView";
import { Overview } from "@/canvas/Overview";
import { Pixels } from "@/canvas/Pixels";
import { useSpaceHeld } from "@/canvas/panning";
import { listenToPinches, ZOOM } from "@/canvas/pinch";
import { dropOnNode, refusalOf } from "@/canvas/refusal";
import { bend } from "@/canvas/rerouting";
import { placeAt, useCanvas, usePointer, useSight } from "@/canvas/selection";
import { inParts } from "@/canvas/unselecting";
import { ContextMenu, type MenuAt } from "@/commands/ContextMenu";
import { cloneTo } from "@/commands/clip";
import type { Place } from "@/document/workflow";
import { useText } from "@/language/text";
import { say } from "@/state/panels";
import { useServer } from "@/state/server";
import { useSettings } from "@/state/settings";
import { asOne, currentGraph, useGraph, useScope } from "@/state/tabs";

const NODES = { node: NodeView, group: GroupView, note: NoteView, end: EndView };
const NO_EDGES: Edge[] = [];
const EDGES = { link: LinkView };
const GRID: [number, number] = [8, 8];
const BOXES = ["Shift", "Control", "Meta"];
const ADDS = ["Control", "Meta", "Shift"];
const PAN_BY = { boxes: [1], hand: [0, 1] };
const ATTRIBUTION = { hideAttribution: true };
const LOOK = {
  onChange({ zoom }: Viewport): void {
    const { many, far } = useSight.getState();
    const small = zoom < READABLE && many;
    if (far !== small) useSight.setState({ far: small });
  },
};

/** The graph: what is drawn follows the document, and gestures become edits of it. */
export function Canvas({ place }: { place: string }) {
  const t = useText();
  const graph = useGraph();
  const inside = useScope().length > 0;
  const types = useServer((state) => state.types);
  const { dragSelects, scrollPans, snap, minimap } = useSettings();
  const many = Object.keys(graph.nodes).length > MANY;
  const [nodes, setNodes] = useState<Node[]>(() => {
    useSight.setState({ many, far: many });
    return toNodes(graph, [], inside, many, isDrawn);
  });
  // The first node on an empty canvas stays where it was put.
  const [filled] = useState(nodes.length > 0);
  const pans = useSpaceHeld();
  const [edges, setEdges] = useState<Edge[]>([]);
  const [asked, setAsked] = useState<Asked>();
  const [menu, setMenu] = useState<MenuAt>();
  const far = useSight((state) => state.far);
  const linking = useConnection(({ inProgress }) => inProgress);
  useOnViewportChange(LOOK);
  const section = useRef<HTMLElement>(null);
  /** The first of two clicks has bent a link: the second, on whatever lies there now, is no other. */
  const bends = useRef(false);
  const known = useRef(types);

  useEffect(() => {
    const { wanted } = useCanvas.getState();
    useSight.setState({ many });
    const old = known.current === types;
    known.current = types;
    setNodes((before) => {
      // What was estimated by other types is estimated anew.
      const kept = old ? before : before.filter(({ handles }) => !handles);
      const next = toNodes(graph, kept, inside, many, isDrawn);
      if (!wanted) return next;
      const ids = new Set(wanted);
      return next.map((node) =>
        Boolean(node.selected) === ids.has(node.id)
          ? node
          : { ...node, selected: ids.has(node.id) },
      );
    });
    if (wanted) useCanvas.setState({ wanted: undefined });
    setEdges((before) => toEdges(graph, before, inside));
  }, [graph, many, types, inside]);

  const ask = useCallback((x: number, y: number, from?: Asked["from"]) => {
    const place = useCanvas.getState().flow?.screenToFlowPosition({ x, y }) ?? { x: 0, y: 0 };
    setAsked({ at: { x, y }, place, ...(from ? { from } : {}) });
  }, []);

  useEffect(() => {
    const open = () => {
      const { x, y } = usePointer.getState();
      ask(x || window.innerWidth / 2, y || window.innerHeight / 2);
    };
    window.addEventListener("nodeflow:search", open);
    return () => window.removeEventListener("nodeflow:search", open);
  }, [ask]);

  const gestures = useMemo((): ReactFlowProps => {
    let carried = new Map<string, Place>();
    /** The link that is drawn is one that was there. */
    let taken = false;
    /** The nodes that are dragged stay, and copies go where they are dropped. */
    let clones = false;
    let dragging = false;
    return {
      onNodesChange(changes) {
        const real = changes.filter(({ type }) => type !== "remove");
        inParts(real, (some) => setNodes((before) => applyNodeChanges(some, before)));
        if (!dragging) nudged(changes);
      },
      onEdgesChange(changes) {
        const chosen = changes.filter(({ type }) => type === "select");
        if (chosen.length > 0) setEdges((before) => applyEdgeChanges(chosen, before));
      },
      onConnectEnd(event, state) {
        useCanvas.setState({ drawing: undefined });
        if (state.isValid || !state.fromHandle?.id) return;
        const reason = refusalOf(state);
        if (reason) say(reason);
        const point = "clientX" in event ? event : event.changedTouches[0];
        if (reason || !point || taken) return;
        const { nodeId: node, id: port, type } = state.fromHandle;
        const from = { node, port, side: type === "source" ? ("out" as const) : ("in" as const) };
        // A touch ends, by its event, on what it began on.
        const target = document.elementFromPoint(point.clientX, point.clientY);
        const below = target?.closest(".react-flow__node")?.getAttribute("data-id");
        if (below) dropOnNode(below, from);
        else if (target?.closest(".react-flow__pane")) ask(point.clientX, point.clientY, from);
      },
      onReconnectStart() {
        taken = true;
      },
      onReconnectEnd(_, edge, _type, state) {
        taken = false;
        if (!state.isValid && !state.toHandle) cutLink(endOf(edge));
      },
      onEdgeContextMenu(event, edge) {
        event.preventDefault();
        const { clientX: x, clientY: y } = event;
        const place = placeAt({ x, y });
        const to = endOf(edge);
        const from = { node: edge.source, port: edge.sourceHandle ?? "" };
        setMenu({
          x,
          y,
          link: {
            insert: () => setAsked({ at: { x, y }, place, into: { from, to } }),
            bend: () => bend(to, place),
            cut: () => cutLink(to),
          },
        });
      },
      onNodeDragStart(event, node, dragged) {
        clones = event.altKey;
        dragging = true;
        // A group is taken by its title: what is dragged is not what is written.
        if (node.type === "group") (document.activeElement as HTMLElement | null)?.blur();
        // With Shift or Ctrl a press on a selected node takes it out of the selection, a drag does not.
        setNodes((before) =>
          before.map((one) => (one.id === node.id ? { ...one, selected: true } : one)),
        );
        carried = takenAlong(node.id, node.position, dragged);
      },
      onNodeDrag(_, { position: { x, y } }) {
        if (carried.size === 0) return;
        setNodes((before) =>
          before.map((other) => {
            const offset = carried.get(other.id);
            return offset ? { ...other, position: { x: x + offset.x, y: y + offset.y } } : other;
          }),
        );
      },
      onNodeDragStop(event, node, moved) {
        dragging = false;
        const nodes = useCanvas.getState().flow?.getNodes() ?? [];
        const all = [...moved, ...nodes.filter(({ id }) => carried.has(id))];
        if (clones) {
          cloneTo(all);
          setNodes((before) => toNodes(currentGraph(), before, inside, many, isDrawn));
          return;
        }
        asOne(() => {
          dropped(all);
          if ("clientX" in event && moved.length === 1)
            dropOnLink(node.id, { x: event.clientX, y: event.clientY });
        });
      },
      onNodeContextMenu(event, node) {
        event.preventDefault();
        const row = (event.target as Element).closest("[data-input]");
        const inputs = row?.getAttribute("data-input")?.split(" ");
        if (!node.selected) {
          setNodes((before) => before.map((one) => ({ ...one, selected: one.id === node.id })));
          useCanvas.setState({ selected: [node.id] });
        }
        const { clientX: x, clientY: y } = event;
        setMenu({ x, y, node: node.id, ...(inputs ? { inputs } : {}) });
      },
      onPaneContextMenu(event) {
        event.preventDefault();
        setMenu({ x: event.clientX, y: event.clientY });
      },
      onMoveStart: () => section.current?.classList.add("moving"),
      onMove: () => section.current?.classList.add("moved"),
      onMoveEnd: () => section.current?.classList.remove("moving", "moved"),
    };
  }, [ask, inside, many]);

  useEffect(() => {
    if (section.current) return listenToPinches(section.current, () => useCanvas.getState().flow);
  }, []);

  return (
    <section
      ref={section}
      className={["canvas", far && "far", pans && "pans"].filter(Boolean).join(" ")}
      data-linking={linking || undefined}
      aria-label={t.canvas}
      onPointerDownCapture={(event) => {
        event.currentTarget.classList.add("pressed");
        longPress.down(event);
      }}
      onPointerUpCapture={({ currentTarget }) => {
        currentTarget.classList.remove("pressed");
        longPress.stop();
      }}
      onPointerCancelCapture={({ currentTarget }) => {
        currentTarget.classList.remove("pressed");
        longPress.stop();
      }}
      onPointerMoveCapture={longPress.move}
      onPointerMove={({ clientX: x, clientY: y }) => usePointer.setState({ x, y })}
      onMouseDownCapture={({ target, detail }) => {
        if (detail === 1) bends.current = (target as Element).classList.contains("link-middle");
      }}
      onDoubleClickCapture={(event) => {
        if (bends.current) event.stopPropagation();
      }}
      onDoubleClick={(event) => {
        if ((event.target as Element).classList.contains("react-flow__pane"))
          ask(event.clientX, event.clientY);
      }}
    >
      <ReactFlow
        nodes={nodes}
        edges={far ? NO_EDGES : edges}
        nodeTypes={NODES}
        edgeTypes={EDGES}
        {...HANDLERS}
        {...gestures}
        selectionOnDrag={dragSelects}
        selectionMode={SelectionMode.Partial}
        panOnDrag={dragSelects ? PAN_BY.boxes : PAN_BY.hand}
        panOnScroll={scrollPans}
        zoomOnDoubleClick={false}
        selectionKeyCode={BOXES}
        connectionLineComponent={LinkDrawn}
        multiSelectionKeyCode={ADDS}
        deleteKeyCode={null}
        panActivationKeyCode="Space"
        snapToGrid={snap}
        snapGrid={GRID}
        minZoom={ZOOM.min}
        maxZoom={ZOOM.max}
        onlyRenderVisibleElements={many}
        nodeDragThreshold={2}
        connectionRadius={24}
        proOptions={ATTRIBUTION}
      >
        <Dots />
        <Pixels />
        {filled && <FirstLook place={place} />}
        {far && <FarView nodes={nodes} edges={edges} />}
      </ReactFlow>
      {minimap && <Overview nodes={nodes} />}
      <Crumbs />
      {Object.keys(graph.nodes).length === 0 && <p className="canvas-hint">{t.emptyCanvas}</p>}
      {asked && <NodeSearch asked={asked} onClose={() => setAsked(undefined)} />}
      {menu && <ContextMenu at={menu} onClose={() => setMenu(undefined)} />}
    </section>
  );
}
