import { ReactFlowProvider } from "@xyflow/react";
import { Suspense, useEffect } from "react";
import { later } from "@/api/parts";
import { Canvas } from "@/canvas/Canvas";
import { placeAt } from "@/canvas/selection";
import { addAt, addPicture, NODE_TYPE } from "@/commands/adding";
import { openBlob } from "@/commands/files";
import { FormView } from "@/form/FormView";
import { useMessage, useTerm } from "@/language/terms";
import { useText } from "@/language/text";
import { SidePanel } from "@/panels/SidePanel";
import { madeOf } from "@/results/dragging";
import { useViewer } from "@/results/viewer";
import { Banner } from "@/shell/Banner";
import { Dialogs } from "@/shell/Dialogs";
import { NothingOpen } from "@/shell/NothingOpen";
import { Rail } from "@/shell/Rail";
import { TopBar } from "@/shell/TopBar";
import { usePanels } from "@/state/panels";
import { nodeType } from "@/state/server";
import { useSettings } from "@/state/settings";
import { activeTab, useTabs } from "@/state/tabs";

const Viewer = later(() => import("@/results/Viewer"));

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
  const term = useTerm();
  const inWords = useMessage();
  useTheme();
  const view = useTabs((state) => activeTab(state)?.view);
  const place = useTabs((state) => [state.active, ...(activeTab(state)?.trail ?? [])].join(":"));
  const name = useTabs((state) => activeTab(state)?.log.document.name) ?? t.untitled;
  const closedAll = useTabs(({ tabs, closed }) => tabs.length === 0 && closed.length > 0);
  const message = usePanels((state) => state.message);
  const said = usePanels((state) => state.said);
  const offer = usePanels((state) => state.offer);
  const viewing = useViewer(({ files }) => files.length > 0);
  const covered = usePanels((state) => state.dialog !== undefined) || viewing;
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
        const type = nodeType(event.dataTransfer.getData(NODE_TYPE));
        const place = placeAt({ x: event.clientX, y: event.clientY });
        if (type) addAt(type, place);
        for (const file of event.dataTransfer.files) void openBlob(file, place);
        void madeOf(event).then((made) => made && addPicture(made, place));
      }}
    >
      <TopBar inert={covered} />
      <div className="work" inert={covered}>
        <Rail />
        <SidePanel />
        {closedAll && <NothingOpen />}
        {view === "form" && <FormView />}
        {view === "graph" && (
          <main className="stage-graph">
            <h1 className="unseen">{term(name)}</h1>
            <ReactFlowProvider key={place}>
              <Canvas place={place} />
            </ReactFlowProvider>
          </main>
        )}
      </div>
      <Banner />
      {message && (
        <p className="toast" role="status" key={said}>
          {inWords(message)}
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
