/**
 * What gestures on nodes and links do. They are constants: React Flow tells every port and node on the
 * canvas of each handler that is another than before.
 */

import type { Edge, Node, ReactFlowProps } from "@xyflow/react";
import { insideOf } from "@/canvas/dragging";
import { endOf } from "@/canvas/flow";
import { cutLink, drawLink, moveLink, portType } from "@/canvas/linking";
import { fits } from "@/canvas/refusal";
import { bend } from "@/canvas/rerouting";
import { useCanvas } from "@/canvas/selection";
import { enter } from "@/commands/subgraphs";
import { GROUP, type Place } from "@/document/workflow";

export const HANDLERS = {
  onInit: (flow) => useCanvas.setState({ flow }),
  onSelectionChange({ nodes }) {
    const { leaving } = useCanvas.getState();
    const selected = nodes.map(({ id }) => id).filter((id) => !leaving.has(id));
    useCanvas.setState({ selected });
  },
  isValidConnection: fits,
  onConnect: ({ source, sourceHandle, target, targetHandle }) =>
    drawLink(
      { node: source, port: sourceHandle ?? "" },
      { node: target, port: targetHandle ?? "" },
    ),
  onConnectStart(_, { nodeId, handleId, handleType }) {
    if (!nodeId || !handleId) return;
    const side = handleType === "source" ? "out" : "in";
    const type = portType({ node: nodeId, port: handleId }, side);
    useCanvas.setState({ drawing: { side, type } });
  },
  onReconnect(old, link) {
    moveLink(
      endOf(old),
      { node: link.source, port: link.sourceHandle ?? "" },
      { node: link.target, port: link.targetHandle ?? "" },
    );
  },
  onEdgeClick(event, edge) {
    if (event.altKey) cutLink(endOf(edge));
  },
  onEdgeDoubleClick({ clientX: x, clientY: y }, edge) {
    const place = useCanvas.getState().flow?.screenToFlowPosition({ x, y });
    if (place) bend(endOf(edge), place);
  },
  onEdgesDelete(gone: Edge[]) {
    for (const edge of gone) cutLink(endOf(edge));
  },
  onNodeDoubleClick(event, node) {
    if ((event.target as Element).closest(".node-head")) void enter(node.id);
  },
} satisfies ReactFlowProps;

/** Where the nodes that a group takes along stand, from its corner; what is dragged moves by itself. */
export function takenAlong(
  group: string,
  corner: Place,
  dragged: readonly Node[],
): Map<string, Place> {
  if (!group.startsWith(GROUP)) return new Map();
  const inside = new Set(insideOf(group));
  for (const { id } of dragged) inside.delete(id);
  const nodes = useCanvas.getState().flow?.getNodes() ?? [];
  return new Map(
    nodes
      .filter(({ id }) => inside.has(id))
      .map(({ id, position: { x, y } }) => [id, { x: x - corner.x, y: y - corner.y }]),
  );
}
