/** The links that a node has and could have, by the names of its ports: a way without a pointer. */

import { NEW } from "@/canvas/ends";
import { OUTPUTS, outputName } from "@/canvas/flow";
import { cutLink, drawLink, typeOf } from "@/canvas/linking";
import { refusal } from "@/canvas/refusal";
import { linksOf } from "@/document/links";
import { INPUTS } from "@/document/workflow";
import { text } from "@/language/text";
import { currentGraph, shownGraph } from "@/state/tabs";

/** How a port is called: those of a subgraph's ends have no node that bears a name. */
function nameOf(node: string, port: string): string {
  const t = text();
  const side = node === OUTPUTS ? "outputs" : node === INPUTS ? "inputs" : undefined;
  if (!side || currentGraph().nodes[node]) return `${node}.${port}`;
  if (port === NEW) return side === "inputs" ? t.newInput : t.newOutput;
  return `${t[side]}.${port}`;
}

export type Linkable = {
  port: string;
  /** The node and port at the other end. */
  other: string;
  side: "in" | "out";
  /** It is there: choosing it cuts it. */
  linked: boolean;
  /** The input at its end has no link yet. */
  free: boolean;
  act(): void;
};

/** Links of a node; those that are there first, then those into inputs that have none. */
export function linkablesOf(node: string): Linkable[] {
  const graph = currentGraph();
  const inside = shownGraph().scope.length > 0;
  const names = [...Object.keys(graph.nodes), ...(inside ? [INPUTS, OUTPUTS] : [])];
  const links = linksOf(graph);
  const taken = new Set(links.map(({ target, input }) => `${target} ${input}`));
  const there = links.filter(({ source, target }) => source === node || target === node);
  const cuts = there.map(({ source, output, target, input, slot }): Linkable => {
    const from = outputName(graph.nodes[source]?.node ?? "", output);
    const side = source === node ? "out" : "in";
    return {
      port: side === "out" ? from : input,
      other: side === "out" ? nameOf(target, input) : nameOf(source, from),
      side,
      linked: true,
      free: false,
      act: () => cutLink({ node: target, port: input, slot }),
    };
  });
  const had = new Set(cuts.map(({ side, port, other }) => `${side} ${port} ${other}`));
  const could = (side: "in" | "out") =>
    names.flatMap((name) => {
      const [source, target] = side === "out" ? [node, name] : [name, node];
      return (typeOf(source)?.outputs ?? []).flatMap(({ name: output }) =>
        (typeOf(target)?.inputs ?? []).flatMap(({ name: input }): Linkable[] => {
          const [port, end] = side === "out" ? [output, input] : [input, output];
          const other = nameOf(name, end);
          if (had.has(`${side} ${port} ${other}`)) return [];
          if (refusal({ source, target, sourceHandle: output, targetHandle: input })) return [];
          const free = !taken.has(`${target} ${input}`);
          const draw = () =>
            drawLink({ node: source, port: output }, { node: target, port: input });
          return [{ port, other, side, linked: false, free, act: draw }];
        }),
      );
    });
  const found = [...could("in"), ...could("out")];
  return [...cuts, ...found.filter(({ free }) => free), ...found.filter(({ free }) => !free)];
}
