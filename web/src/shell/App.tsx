import { ReactFlowProvider } from "@xyflow/react";
import { lazy, Suspense, useEffect } from "react";
import { Canvas } from "@/canvas/Canvas";
import { openBlob } from "@/commands/files";
import { FormView } from "@/form/FormView";
import { useText } from "@/language/text";
import { SidePanel } from "@/panels/SidePanel";
import { useViewer } from "@/results/viewer";
import { Banner } from "@/shell/Banner";
import { Dialogs } from "@/shell/Dialogs";
import { Rail } from "@/shell/Rail";
import { TopBar } from "@/shell/TopBar";
import { usePanels } from "@/state/panels";
import { useSettings } from "@/state/settings";
import { activeTab, useTabs } from "@/state/tabs";

const Viewer = lazy(() => import("@/results/Viewer"));

function useTheme(): void {
  const theme = useSettings((state) => state.theme);
  const language = useSettings((state) => state.language);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  useEffect(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const put = () => {
      const chosen = theme === "system" ? (dark.matches ? "dark" : "light") : theme;
      document.documentElement.dataset.theme = chosen;
    };
    put();
    dark.addEventListener("change", put);
    return () => dark.removeEventListener("change", put);
  }, [theme]);
}

export function App({ failure }: { failure: "unauthorized" | undefined }) {
  const t = useText();
  useTheme();
  const view = useTabs((state) => activeTab(state)?.view);
  const place = useTabs((state) => [state.active, ...(activeTab(state)?.trail ?? [])].join(":"));
  const message = usePanels((state) => state.message);
  const offer = usePanels((state) => state.offer);
  const viewing = useViewer(({ files }) => files.length > 0);
  if (failure)
    return (
      <main className="gate">
        <h1>nodeflow</h1>
        <p>{t.unauthorized}</p>
      </main>
    );
  return (
    <div
      className="app"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        for (const file of event.dataTransfer.files) void openBlob(file);
      }}
    >
      <TopBar />
      <div className="work">
        <Rail />
        <SidePanel />
        {view === "form" && <FormView />}
        {view === "graph" && (
          <main className="stage-graph">
            <ReactFlowProvider>
              <Canvas key={place} />
            </ReactFlowProvider>
          </main>
        )}
      </div>
      <Banner />
      {message && (
        <p className="toast" role="status">
          {message}
          {offer && (
            <button
              type="button"
              className="link"
              onClick={() => {
                usePanels.setState({ message: undefined, offer: undefined });
                offer.run();
              }}
            >
              {offer.label}
            </button>
          )}
        </p>
      )}
      <Dialogs />
      {viewing && (
        <Suspense>
          <Viewer />
        </Suspense>
      )}
    </div>
  );
}
