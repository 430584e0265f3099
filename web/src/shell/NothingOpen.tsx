import { reopenTab } from "@/commands/closing";
import { newTab, openFile } from "@/commands/files";
import { useText } from "@/language/text";
import { usePanels } from "@/state/panels";

/** Where no workflow is open any more: the ways to have one again. */
export function NothingOpen() {
  const t = useText();
  return (
    <main className="nothing-open">
      <h1>{t.nothingOpen}</h1>
      <button type="button" className="button primary" onClick={newTab}>
        {t.newTab}
      </button>
      <button
        type="button"
        className="button"
        onClick={() => usePanels.setState({ dialog: "templates" })}
      >
        {t.templates}
      </button>
      <button type="button" className="button" onClick={openFile}>
        {t.open}
      </button>
      <button type="button" className="button" onClick={reopenTab}>
        {t.reopen}
      </button>
    </main>
  );
}
