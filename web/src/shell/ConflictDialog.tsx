import { useEffect, useState } from "react";
import { api } from "@/api/client";
import type { Opened } from "@/api/shapes";
import { saveTo, takeFile } from "@/commands/files";
import { Changes } from "@/diff/Changes";
import { useText } from "@/language/text";
import { Dialog } from "@/shell/Dialog";
import { say, usePanels } from "@/state/panels";
import { activeTab, useDocument } from "@/state/tabs";

/** The file is not what was opened: what differs, and whose edits stay. */
export default function ConflictDialog() {
  const t = useText();
  const mine = useDocument();
  const path = activeTab()?.path ?? "";
  const [theirs, setTheirs] = useState<Opened>();
  useEffect(() => {
    void api.workflow(path).then(setTheirs, (error: Error) => say(error.message));
  }, [path]);
  return (
    <Dialog title={path} wide>
      <p>{t.conflict}</p>
      {theirs?.document && <Changes before={theirs.document} after={mine} />}
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
