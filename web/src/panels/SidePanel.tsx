import { Suspense } from "react";
import { later } from "@/api/parts";
import { useText } from "@/language/text";
import { HistoryPanel } from "@/panels/HistoryPanel";
import { ModelsPanel } from "@/panels/ModelsPanel";
import { NodesPanel } from "@/panels/NodesPanel";
import { QueuePanel } from "@/panels/QueuePanel";
import { ResultsPanel } from "@/panels/ResultsPanel";
import { WorkflowsPanel } from "@/panels/WorkflowsPanel";
import { Tool } from "@/shell/Tool";
import { type Panel, usePanels } from "@/state/panels";

const TextPanel = later(() => import("@/panels/TextPanel"));

const BODIES: Record<Panel, React.ComponentType> = {
  queue: QueuePanel,
  history: HistoryPanel,
  nodes: NodesPanel,
  models: ModelsPanel,
  workflows: WorkflowsPanel,
  results: ResultsPanel,
  text: TextPanel,
};

export function SidePanel() {
  const t = useText();
  const { panel, toggle } = usePanels();
  if (!panel) return null;
  const Body = BODIES[panel];
  return (
    <aside className={`panel ${panel}`} aria-label={t[panel]}>
      <header>
        <h2>{t[panel]}</h2>
        <Tool icon="close" label={t.close} onClick={() => toggle(panel)} />
      </header>
      <Suspense>
        <Body />
      </Suspense>
    </aside>
  );
}
