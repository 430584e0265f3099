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
  const [chosen, setChosen] = useState<{ id: string; document: Workflow }>();
  useEffect(() => {
    if (!path) return setVersions([]);
    void api.versions(path).then(
      (answer) => setVersions(answer.versions),
      (error: Error) => say(error.message),
    );
  }, [path]);

  async function choose(id: string): Promise<void> {
    const { document } = await api.version(path ?? "", id);
    if (document) setChosen({ id, document });
  }

  return (
    <Dialog title={t.versions} wide>
      {versions?.length === 0 && <p className="quiet">{t.noVersions}</p>}
      <div className="versions">
        <ul className="list">
          {versions?.map(({ id, saved, size: bytes }) => (
            <li key={id}>
              <button
                type="button"
                aria-pressed={chosen?.id === id}
                onClick={() => void choose(id)}
              >
                <b>{when(saved)}</b>
                <small>{size(bytes)}</small>
              </button>
            </li>
          ))}
        </ul>
        {chosen && (
          <div>
            <Changes before={chosen.document} after={now} />
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
