import {
  applyEdgeChanges,
  applyNodeChanges,
  type Edge,
  type FinalConnectionState,
  type Node,
  type NodeChange,
  ReactFlow,
  SelectionMode,
  useOnViewportChange,
} from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { useCallback, useEffect, useRef, useState } from "react";
import { Crumbs } from "@/canvas/Crumbs";
import { Dots } from "@/canvas/Dots";
import { MANY, READABLE } from "@/canvas/detail";
import { dropOnLink, dropped, insideOf } from "@/canvas/dragging";
import { EndView } from "@/canvas/EndView";
import { FarView } from "@/canvas/FarView";
import { GroupView, NoteView } from "@/canvas/Frames";
import { endOf, GROUP, toEdges, toNodes } from "@/canvas/flow";
import { LinkView } from "@/canvas/LinkView";
import { cutLink, drawLink, fits } from "@/canvas/linking";
import { type Asked, NodeSearch } from "@/canvas/NodeSearch";
import { NodeView } from "@/canvas/NodeView";
import { Overview } from "@/canvas/Overview";
import { bend } from "@/canvas/rerouting";
import { useCanvas } from "@/canvas/selection";
import { ContextMenu, type MenuAt } from "@/commands/ContextMenu";
import { enter } from "@/commands/subgraphs";
import { useText } from "@/language/text";
import { useServer } from "@/state/server";
import { useSettings } from "@/state/settings";
import { useGraph, useScope } from "@/state/tabs";

const NODES = { node: NodeView, group: GroupView, note: NoteView, end: EndView };
const NO_EDGES: Edge[] = [];
const EDGES = { link: LinkView };

/** The graph: what is drawn follows the document, and gestures become edits of it. */
export function Canvas() {
  const t = useText();
  const graph = useGraph();
  const inside = useScope().length > 0;
  const types = useServer((state) => state.types);
  const { dragSelects, scrollPans, snap, minimap } = useSettings();
  const many = Object.keys(graph.nodes).length > MANY;
  const [nodes, setNodes] = useState<Node[]>(() => {
    useCanvas.setState({ many, far: many });
    return toNodes(graph, [], inside, many);
  });
  const [edges, setEdges] = useState<Edge[]>([]);
  const [asked, setAsked] = useState<Asked>();
  const [menu, setMenu] = useState<MenuAt>();
  const far = useCanvas((state) => state.far);
  useOnViewportChange({
    onChange({ zoom }) {
      const small = zoom < READABLE && useCanvas.getState().many;
      if (useCanvas.getState().far !== small) useCanvas.setState({ far: small });
    },
  });
  const section = useRef<HTMLElement>(null);
  const known = useRef(types);
  const carried = useRef(new Map<string, { x: number; y: number }>());

  useEffect(() => {
    const { wanted } = useCanvas.getState();
    useCanvas.setState({ many });
    const old = known.current === types;
    known.current = types;
    setNodes((before) => {
      // What was estimated by other types is estimated anew.
      const kept = old ? before : before.filter(({ handles }) => !handles);
      const next = toNodes(graph, kept, inside, many);
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

  const onNodesChange = useCallback((changes: NodeChange[]) => {
    const real = changes.filter(({ type }) => type !== "remove");
    setNodes((before) => applyNodeChanges(real, before));
  }, []);

  const ask = useCallback((x: number, y: number, from?: Asked["from"]) => {
    const place = useCanvas.getState().flow?.screenToFlowPosition({ x, y }) ?? { x: 0, y: 0 };
    setAsked({ at: { x, y }, place, ...(from ? { from } : {}) });
  }, []);

  useEffect(() => {
    const open = () => {
      const { pointer } = useCanvas.getState();
      ask(pointer.x || window.innerWidth / 2, pointer.y || window.innerHeight / 2);
    };
    window.addEventListener("nodeflow:search", open);
    return () => window.removeEventListener("nodeflow:search", open);
  }, [ask]);

  function linkEnd(event: MouseEvent | TouchEvent, state: FinalConnectionState): void {
    if (state.isValid || state.toHandle || !state.fromHandle?.id) return;
    const point = "clientX" in event ? event : event.changedTouches[0];
    if (!point || !(event.target as Element).closest(".react-flow__pane")) return;
    const side = state.fromHandle.type === "source" ? "out" : "in";
    ask(point.clientX, point.clientY, {
      node: state.fromHandle.nodeId,
      port: state.fromHandle.id,
      side,
    });
  }

  return (
    <section
      ref={section}
      className={far ? "canvas far" : "canvas"}
      aria-label={t.canvas}
      onPointerDownCapture={({ currentTarget }) => currentTarget.classList.add("pressed")}
      onPointerUpCapture={({ currentTarget }) => currentTarget.classList.remove("pressed")}
      onPointerCancelCapture={({ currentTarget }) => currentTarget.classList.remove("pressed")}
      onPointerMove={({ clientX: x, clientY: y }) => useCanvas.setState({ pointer: { x, y } })}
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
        onInit={(flow) => useCanvas.setState({ flow })}
        onNodesChange={onNodesChange}
        onEdgesChange={(changes) =>
          setEdges((before) =>
            applyEdgeChanges(
              changes.filter(({ type }) => type === "select"),
              before,
            ),
          )
        }
        onSelectionChange={({ nodes: chosen }) =>
          useCanvas.setState({ selected: chosen.map(({ id }) => id) })
        }
        isValidConnection={fits}
        onConnect={({ source, sourceHandle, target, targetHandle }) =>
          drawLink(
            { node: source, port: sourceHandle ?? "" },
            { node: target, port: targetHandle ?? "" },
          )
        }
        onConnectEnd={linkEnd}
        onReconnect={(old, link) => {
          if (old.targetHandle !== link.targetHandle || old.target !== link.target)
            cutLink(endOf(old));
          drawLink(
            { node: link.source, port: link.sourceHandle ?? "" },
            { node: link.target, port: link.targetHandle ?? "" },
          );
        }}
        onReconnectEnd={(_, edge, _type, state) => {
          if (!state.isValid) cutLink(endOf(edge));
        }}
        onEdgeClick={(event, edge) => {
          if (event.altKey) cutLink(endOf(edge));
        }}
        onEdgeDoubleClick={({ clientX: x, clientY: y }, edge) => {
          const place = useCanvas.getState().flow?.screenToFlowPosition({ x, y });
          if (place) bend(endOf(edge), place);
        }}
        onEdgesDelete={(gone) => {
          for (const edge of gone) cutLink(endOf(edge));
        }}
        onNodeDragStart={(_, node) => {
          carried.current.clear();
          if (!node.id.startsWith(GROUP)) return;
          for (const name of insideOf(node.id)) {
            const inside = nodes.find(({ id }) => id === name);
            if (inside && !inside.selected)
              carried.current.set(name, {
                x: inside.position.x - node.position.x,
                y: inside.position.y - node.position.y,
              });
          }
        }}
        onNodeDrag={(_, node) => {
          if (carried.current.size === 0) return;
          setNodes((before) =>
            before.map((other) => {
              const offset = carried.current.get(other.id);
              if (!offset) return other;
              const { x, y } = node.position;
              return { ...other, position: { x: x + offset.x, y: y + offset.y } };
            }),
          );
        }}
        onNodeDragStop={(event, node, moved) => {
          const along = nodes.filter(({ id }) => carried.current.has(id));
          dropped([...moved, ...along]);
          const point = "clientX" in event ? event : undefined;
          if (point && moved.length === 1)
            dropOnLink(node.id, { x: point.clientX, y: point.clientY });
        }}
        onNodeDoubleClick={(event, node) => {
          if ((event.target as Element).closest(".node-head")) void enter(node.id);
        }}
        onNodeContextMenu={(event, node) => {
          event.preventDefault();
          const row = (event.target as Element).closest("[data-input]");
          const input = row?.getAttribute("data-input") ?? undefined;
          if (!node.selected) useCanvas.setState({ selected: [node.id] });
          setMenu({
            x: event.clientX,
            y: event.clientY,
            node: node.id,
            ...(input ? { input } : {}),
          });
        }}
        onPaneContextMenu={(event) => {
          event.preventDefault();
          setMenu({ x: event.clientX, y: event.clientY });
        }}
        onMoveStart={() => section.current?.classList.add("moving")}
        onMoveEnd={() => section.current?.classList.remove("moving")}
        selectionOnDrag={dragSelects}
        selectionMode={SelectionMode.Partial}
        panOnDrag={dragSelects ? [1] : [0, 1]}
        panOnScroll={scrollPans}
        zoomOnDoubleClick={false}
        selectionKeyCode="Shift"
        multiSelectionKeyCode={["Control", "Meta", "Shift"]}
        deleteKeyCode={null}
        panActivationKeyCode="Space"
        snapToGrid={snap}
        snapGrid={[8, 8]}
        minZoom={0.08}
        maxZoom={2.5}
        fitView
        fitViewOptions={{ maxZoom: 1, padding: 0.08 }}
        onlyRenderVisibleElements={many}
        elevateEdgesOnSelect
        nodeDragThreshold={2}
        connectionRadius={24}
        proOptions={{ hideAttribution: true }}
      >
        <Dots />
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
