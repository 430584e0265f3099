import { useEffect, useState } from "react";
import { api } from "@/api/client";
import type { Version } from "@/api/shapes";
import { replaceDocument } from "@/commands/files";
import { Changes } from "@/diff/Changes";
import type { Workflow } from "@/document/workflow";
import { size, useText, when } from "@/language/text";
import { Dialog } from "@/shell/Dialog";
import { say, usePanels } from "@/state/panels";
import { activeTab, useDocument } from "@/state/tabs";

/** Older contents of the active file: what changed since, and the way back. */
export default function VersionsDialog() {
  const t = useText();
  const now = useDocument();
  const path = activeTab()?.path;
  const [versions, setVersions] = useState<Version[]>();
  const [chosen, setChosen] = useState<{ id: string; saved: number; document: Workflow }>();
  useEffect(() => {
    if (!path) return setVersions([]);
    void api.versions(path).then(
      (answer) => setVersions(answer.versions),
      (error: Error) => say(error.message),
    );
  }, [path]);

  async function choose({ id, saved }: Version): Promise<void> {
    const { document } = await api.version(path ?? "", id);
    if (document) setChosen({ id, saved, document });
  }

  return (
    <Dialog title={t.versions} size="full">
      {versions?.length === 0 && <p className="quiet">{t.noVersions}</p>}
      <div className="versions">
        <ul className="list">
          {versions?.map((version) => (
            <li key={version.id}>
              <button
                type="button"
                aria-pressed={chosen?.id === version.id}
                onClick={() => void choose(version)}
              >
                <b>{when(version.saved)}</b>
                <small>{size(version.size)}</small>
              </button>
            </li>
          ))}
        </ul>
        {chosen && (
          <div>
            <Changes before={chosen.document} after={now} names={[when(chosen.saved), t.now]} />
            <button
              type="button"
              className="button primary"
              onClick={() => {
                void replaceDocument(chosen.document);
                usePanels.setState({ dialog: undefined });
              }}
            >
              {t.takeBack}
            </button>
          </div>
        )}
      </div>
    </Dialog>
  );
}
