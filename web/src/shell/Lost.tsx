import { saveTo } from "@/commands/files";
import { useText } from "@/language/text";
import { usePanels } from "@/state/panels";
import { type Tab, useTabs } from "@/state/tabs";

/** What happened to a tab's file that is not where it was. */
export function LostWord({ tab }: { tab: Tab }) {
  const t = useText();
  const path = tab.path ?? "";
  return tab.lost?.to ? t.fileMoved(path, tab.lost.to) : t.fileGone(path);
}

/** What can be done then: go on under the new name, save again, save elsewhere. */
export function LostChoices({ tab, look }: { tab: Tab; look: string }) {
  const t = useText();
  const { path, lost } = tab;
  if (!path || !lost) return null;
  const { to, etag } = lost;
  function follow(): void {
    useTabs.getState().change(tab.id, { path: to, lost: undefined, theirs: etag });
    usePanels.setState({ dialog: undefined });
  }
  return (
    <>
      <button type="button" className={look} onClick={() => usePanels.setState({ dialog: "save" })}>
        {t.saveAs}
      </button>
      <button
        type="button"
        className={look === "button" ? "button primary" : look}
        onClick={() => (to ? follow() : void saveTo(path))}
      >
        {to ? t.follow(to) : t.saveAgain}
      </button>
    </>
  );
}
