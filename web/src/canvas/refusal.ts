/** Why a link cannot be drawn. */

import type { Connection, ConnectionState, Edge } from "@xyflow/react";
import { drawLink, portBelow, portType } from "@/canvas/linking";
import type { End } from "@/document/edit";
import { linksInto } from "@/document/links";
import { text } from "@/language/text";
import { say } from "@/state/panels";
import { useServer } from "@/state/server";
import { currentGraph } from "@/state/tabs";
import { accepts } from "@/types/compatible";

/** Whether `to` is among what `from` needs, so that a link would close a circle. */
function feeds(from: string, to: string): boolean {
  const graph = currentGraph();
  const seen = new Set<string>();
  const stack = [from];
  while (stack.length > 0) {
    const name = stack.pop() as string;
    if (name === to) return true;
    if (seen.has(name)) continue;
    seen.add(name);
    const node = graph.nodes[name];
    if (node) stack.push(...linksInto(name, node).map(({ source }) => source));
  }
  return false;
}

/** Why two ports cannot be linked, for people; undefined where they can. */
export function refusal(link: Connection | Edge): string | undefined {
  const { source, target, sourceHandle, targetHandle } = link;
  const t = text();
  if (!source || !target || !sourceHandle || !targetHandle) return t.linkNeedsPorts;
  if (source === target) return t.linkToItself;
  const given = portType({ node: source, port: sourceHandle }, "out");
  const wanted = portType({ node: target, port: targetHandle }, "in");
  if (!accepts(useServer.getState().types, wanted, given))
    return t.linkUnfit(targetHandle, wanted.replaceAll(",", ", "), given);
  return feeds(source, target) ? t.linkCircle(source, target) : undefined;
}

export function fits(link: Connection | Edge): boolean {
  return refusal(link) === undefined;
}

type Held = Pick<ConnectionState, "fromHandle" | "toHandle">;

/** Why the link that is being drawn cannot end at the port below the pointer. */
export function refusalOf({ fromHandle, toHandle }: Held): string | undefined {
  if (!fromHandle || !toHandle) return undefined;
  const [out, into] =
    fromHandle.type === "source" ? [fromHandle, toHandle] : [toHandle, fromHandle];
  if (out.type === into.type) return text().linkSameSide;
  return refusal({
    source: out.nodeId,
    sourceHandle: out.id ?? null,
    target: into.nodeId,
    targetHandle: into.id ?? null,
  });
}

/** A link dropped on a node takes the port that fits it best. */
export function dropOnNode(node: string, from: End & { side: "in" | "out" }): void {
  const port = portBelow(node, from, from.side);
  const there = { node, port: port ?? "" };
  const [source, target] = from.side === "out" ? [from, there] : [there, from];
  const link = { source: source.node, target: target.node };
  const reason =
    port === undefined
      ? text().linkNoPort(node)
      : refusal({ ...link, sourceHandle: source.port, targetHandle: target.port });
  if (reason) say(reason);
  else drawLink(source, target);
}
