/** From problem to problem: each is gone to where it is. */

import { useCanvas } from "@/canvas/selection";
import { problemAfter } from "@/run/nextProblem";
import { say } from "@/state/panels";
import { useServer } from "@/state/server";
import { activeTab, runName, useTabs } from "@/state/tabs";

/** Shows and selects a node of the active document, `left:words` inside a subgraph. */
export function goToNode(path: string): void {
  const tab = activeTab();
  if (!tab) return;
  const trail = path.split(":");
  const name = trail.pop() ?? "";
  const { flow } = useCanvas.getState();
  const here = tab.view === "graph" && tab.trail.join(":") === trail.join(":");
  if (!here || !flow) {
    useCanvas.setState({ wanted: [name] });
    useTabs.getState().change(tab.id, { view: "graph", trail });
    return;
  }
  flow.setNodes((nodes) => nodes.map((node) => ({ ...node, selected: node.id === name })));
  void flow.fitView({ nodes: [{ id: name }], duration: 150, maxZoom: 1, padding: 0.3 });
}

export function nextProblem(): void {
  const problems = useServer.getState().problems[activeTab()?.id ?? ""] ?? [];
  const selected = useCanvas.getState().selected[0];
  const next = problemAfter(problems, selected && runName(selected));
  if (next?.node !== undefined) goToNode(next.node);
  else if (next) say(next.message);
}
