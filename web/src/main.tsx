import "@/style/font.css";
import "@/style/tokens.css";
import "@/style/base.css";
import "@/style/shell.css";
import "@/style/panels.css";
import "@/style/form.css";
import "@/style/overlays.css";
import "@/style/docs.css";
import "@/style/canvas.css";
import "@/style/fields.css";
import "@/style/colour.css";
import "@/style/area.css";
import "@/style/plugin.css";
import "@/style/phone.css";
import { createRoot } from "react-dom/client";
import { ApiError } from "@/api/client";
import { fetchParts } from "@/api/parts";
import { newTab, openTemplate } from "@/commands/files";
import { listenToKeys } from "@/commands/keys";
import { follow } from "@/run/follow";
import { planChanges } from "@/run/planning";
import { App } from "@/shell/App";
import { Safe } from "@/shell/Safe";
import { keepDrafts, restore } from "@/state/drafts";
import { useServer } from "@/state/server";
import { useTabs } from "@/state/tabs";

const FIRST = "txt2img";
const AFTER_THE_FIRST_LOOK = 1000;

async function start(): Promise<"unauthorized" | undefined> {
  try {
    await useServer.getState().loadTypes();
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403))
      return "unauthorized";
    useServer.setState({ connected: false });
    await new Promise((wait) => setTimeout(wait, 1000));
    return start();
  }
  listenToKeys();
  planChanges();
  const restored = await restore().catch(() => false);
  if (!restored) await openTemplate(FIRST, { given: true }).catch(() => undefined);
  if (useTabs.getState().tabs.length === 0) newTab();
  const { asked, look } = useTabs.getState();
  if (asked) look(asked);
  keepDrafts();
  follow();
  return undefined;
}

const root = createRoot(document.getElementById("root") as HTMLElement);
const draw = (failure: "unauthorized" | undefined) =>
  root.render(
    <Safe>
      <App failure={failure} />
    </Safe>,
  );
draw(undefined);
void start().then((failure) => {
  if (failure) draw(failure);
  else setTimeout(fetchParts, AFTER_THE_FIRST_LOOK);
});
