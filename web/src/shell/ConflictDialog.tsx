import { useEffect, useState } from "react";
import { ApiError, api } from "@/api/client";
import type { Opened } from "@/api/shapes";
import { ProblemList } from "@/canvas/Problems";
import { saveTo, takeFile } from "@/commands/files";
import { Changes } from "@/diff/Changes";
import { useText } from "@/language/text";
import { Dialog } from "@/shell/Dialog";
import { LostChoices, LostWord } from "@/shell/Lost";
import { say, usePanels } from "@/state/panels";
import { activeTab, useTabs } from "@/state/tabs";

/** The file is not what was opened: what differs, and whose edits stay. */
export default function ConflictDialog() {
  const t = useText();
  const tab = useTabs((state) => activeTab(state));
  const path = tab?.path ?? "";
  const { id, lost } = tab ?? {};
  const [theirs, setTheirs] = useState<Opened>();
  useEffect(() => {
    if (lost || !id) return;
    void api.workflow(path).then(setTheirs, (error: Error) => {
      if (error instanceof ApiError && error.status === 404)
        useTabs.getState().change(id, { lost: {} });
      else say(error.message);
    });
  }, [path, lost, id]);
  if (tab && lost)
    return (
      <Dialog title={path}>
        <p>
          <LostWord tab={tab} />
        </p>
        <div className="choices">
          <LostChoices tab={tab} look="button" />
        </div>
      </Dialog>
    );
  return (
    <Dialog title={path} size="full">
      <p>{t.conflict}</p>
      {theirs?.document && tab && (
        <Changes before={theirs.document} after={tab.log.document} names={[t.onDisk, t.now]} />
      )}
      {theirs && !theirs.document && <ProblemList problems={theirs.problems} />}
      <div className="choices">
        <button
          type="button"
          className="button"
          onClick={() => usePanels.setState({ dialog: "save" })}
        >
          {t.saveCopy}
        </button>
        <button
          type="button"
          className="button"
          disabled={!theirs?.document}
          onClick={() => {
            usePanels.setState({ dialog: undefined });
            if (theirs) void takeFile(theirs);
          }}
        >
          {t.takeTheirs}
        </button>
        <button
          type="button"
          className="button primary"
          disabled={!theirs}
          onClick={() => void saveTo(path, theirs?.etag ?? "*")}
        >
          {t.overwrite}
        </button>
      </div>
    </Dialog>
  );
}
