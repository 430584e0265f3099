/** How big a node is and where its ports are before it is drawn: of many nodes most are out of sight. */

import { type Node, Position } from "@xyflow/react";
import { heightOf, literalHeight, ROW, rowsOf, WIDTH } from "@/canvas/rows";
import { TIMES } from "@/document/links";
import { REROUTE, referenceOf } from "@/document/reference";
import type { NodeData, NodeLayout } from "@/document/workflow";
import type { NodeType } from "@/types/nodeType";

const REROUTE_WIDTH = 44;
const FOLDED = 15;
const FIRST_ROW = 33;

type Ports = { name: string; side: "in" | "out"; y: number }[];

/** The middles of a node's ports, from its upper edge. */
function portsOf(type: NodeType | undefined, node: NodeData, folded: boolean): Ports {
  const { links, literals, looped, fed, times, others } = rowsOf(type, node);
  const outputs = (type?.outputs ?? []).map(({ name }) => name);
  if (folded) {
    const taken = literals.filter(({ name }) => referenceOf(node[name]));
    const inputs = [...links, ...taken, ...fed].map(({ name }) => name);
    return [
      ...[...inputs, ...(times ? [TIMES] : [])].map(
        (name) => ({ name, side: "in", y: FOLDED }) as const,
      ),
      ...outputs.map((name) => ({ name, side: "out", y: FOLDED }) as const),
    ];
  }
  const ports: Ports = outputs.map((name, row) => ({
    name,
    side: "out",
    y: FIRST_ROW + (row + 0.5) * ROW,
  }));
  let y = FIRST_ROW + ROW / 2;
  const down = (name: string, height = ROW) => {
    ports.push({ name, side: "in", y });
    y += height;
  };
  for (const { name } of links) down(name);
  y = FIRST_ROW + (Math.max(links.length, outputs.length) + 0.5) * ROW;
  for (const { name } of fed) down(name);
  if (times) down(TIMES);
  for (const input of literals) down(input.name, literalHeight(input, node));
  y += looped.reduce((sum, input) => sum + literalHeight({ ...input, multiline: true }, node), 0);
  for (const [name] of others) down(name);
  return ports;
}

/** What React Flow would measure, as far as it can be told. */
export function estimate(
  type: NodeType | undefined,
  node: NodeData,
  layout: NodeLayout | undefined,
): Pick<Node, "measured" | "handles"> {
  const bend = node.node === REROUTE;
  const width = bend ? REROUTE_WIDTH : (layout?.w ?? WIDTH);
  const ports = portsOf(type, node, bend || layout?.collapsed === true);
  return {
    measured: { width, height: heightOf(type, node, layout) },
    handles: ports.map(({ name, side, y }) => ({
      id: name,
      type: side === "in" ? "target" : "source",
      position: side === "in" ? Position.Left : Position.Right,
      x: side === "in" ? 0 : width,
      y,
      width: 0,
      height: 0,
    })),
  };
}
