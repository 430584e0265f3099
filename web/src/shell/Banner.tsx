import { useText } from "@/language/text";
import { LostChoices, LostWord } from "@/shell/Lost";
import { usePanels } from "@/state/panels";
import { useServer } from "@/state/server";
import { activeTab, useTabs } from "@/state/tabs";

/** What the person should know about the server or the shown file, with what can be done. */
export function Banner() {
  const t = useText();
  const connected = useServer((state) => state.connected);
  const tab = useTabs((state) => activeTab(state));
  if (connected === false)
    return (
      <p className="banner" role="alert">
        {t.offline}
      </p>
    );
  if (tab?.lost)
    return (
      <p className="banner" role="alert">
        <LostWord tab={tab} /> <LostChoices tab={tab} look="link" />
      </p>
    );
  if (!tab?.path || !tab.theirs || !tab.etag || tab.theirs === tab.etag) return null;
  return (
    <p className="banner" role="alert">
      {t.changedElsewhere(tab.path)}{" "}
      <button
        type="button"
        className="link"
        onClick={() => usePanels.setState({ dialog: "conflict" })}
      >
        {t.look}
      </button>
    </p>
  );
}
