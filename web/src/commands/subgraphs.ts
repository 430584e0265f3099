/** Making, entering, leaving and taking apart subgraphs. */

import { arrange, withProblems } from "@/canvas/arrange";
import { selectedNodes, useCanvas } from "@/canvas/selection";
import { moveNodes } from "@/document/edit";
import { between, makeSubgraph, unpack } from "@/document/subgraph";
import { follow, graphAt } from "@/document/workflow";
import { text } from "@/language/text";
import { say } from "@/state/panels";
import { nodeType, useServer } from "@/state/server";
import { act, activeTab, currentGraph, useTabs } from "@/state/tabs";

export function isSubgraph(name: string): boolean {
  const type = currentGraph().nodes[name]?.node ?? "";
  return Object.hasOwn(activeTab()?.log.document.subgraphs ?? {}, type);
}

export function makeFromSelection(): void {
  const names = selectedNodes();
  if (names.length === 0) return;
  const middle = between(currentGraph(), new Set(names));
  if (middle !== undefined) {
    say(text().subgraphBetween(middle));
    return;
  }
  act((document, scope) => {
    const { edit, instance } = makeSubgraph(document, scope, names, nodeType);
    useCanvas.setState({ wanted: [instance] });
    return edit;
  });
}

export function unpackSelected(): void {
  const names = selectedNodes().filter(isSubgraph);
  for (const name of names) {
    if (currentGraph().nodes[name]?.loop !== undefined) say(text().subgraphLoops);
    act((document, scope) => {
      const done = unpack(document, scope, name);
      if (done) useCanvas.setState({ wanted: done.names });
      return done?.edit ?? { label: "unpack", patches: [] };
    });
  }
}

/** Shows the inside of a node; nodes that never had a place get one. */
export async function enter(name: string | undefined = selectedNodes()[0]): Promise<void> {
  const tab = activeTab();
  if (!tab || name === undefined || !isSubgraph(name)) return;
  const trail = [...tab.trail, name];
  const scope = follow(tab.log.document, trail)[trail.length - 1] ?? [];
  const graph = graphAt(tab.log.document, scope);
  const problems = useServer.getState().problems[tab.id] ?? [];
  const placed = Object.keys(graph.nodes).every((node) => graph.layout?.nodes?.[node]);
  const places = placed ? {} : await arrange(graph, withProblems(graph, problems, trail));
  useTabs.getState().change(tab.id, { trail });
  if (!placed) act((document) => moveNodes(document, scope, places, "arrange"));
  useCanvas.setState({ selected: [] });
}

export function stepOut(): void {
  const tab = activeTab();
  if (!tab || tab.trail.length === 0) return;
  useCanvas.setState({ wanted: tab.trail.slice(-1) });
  useTabs.getState().change(tab.id, { trail: tab.trail.slice(0, -1) });
}
