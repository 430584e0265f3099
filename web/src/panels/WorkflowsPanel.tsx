import { useEffect, useState } from "react";
import { api } from "@/api/client";
import type { Template, WorkflowFile } from "@/api/shapes";
import { sinceSaved } from "@/commands/compare";
import { download, openFile, openSaved, openTemplate, save } from "@/commands/files";
import { useTerm } from "@/language/terms";
import { useText } from "@/language/text";
import { Icon } from "@/shell/Icon";
import { say, usePanels } from "@/state/panels";
import { useServer } from "@/state/server";
import { activeTab, useTabs } from "@/state/tabs";

/** Saved workflows and templates. */
export function WorkflowsPanel() {
  const t = useText();
  const term = useTerm();
  const [templates, setTemplates] = useState<Template[]>([]);
  const [files, setFiles] = useState<WorkflowFile[]>([]);
  const path = useTabs((state) => activeTab(state)?.path);
  const changes = useServer((state) => state.files);
  const tell = (error: Error) => say(error.message);
  useEffect(() => {
    void api.templates().then((answer) => setTemplates(answer.templates), tell);
  }, []);
  useEffect(() => {
    void api.workflows().then((answer) => setFiles(answer.workflows), tell);
  }, [changes]);
  return (
    <>
      <div className="queue-tools">
        <button type="button" className="button" onClick={openFile}>
          <Icon name="folder" />
          {t.open}
        </button>
        <button type="button" className="button" onClick={() => void save()}>
          {t.save}
        </button>
        <button type="button" className="button" onClick={() => void download()}>
          <Icon name="down" />
          {t.share}
        </button>
        <button type="button" className="button" onClick={sinceSaved}>
          <Icon name="changes" />
          {t.changes}
        </button>
        {path && (
          <button
            type="button"
            className="button"
            onClick={() => usePanels.setState({ dialog: "versions" })}
          >
            <Icon name="clock" />
            {t.versions}
          </button>
        )}
      </div>
      {files.length > 0 && <h3>{t.saved}</h3>}
      <ul className="list">
        {files.map((file) => (
          <li key={file.path}>
            <button type="button" onClick={() => void openSaved(file.path)}>
              <b>{file.name ?? file.path}</b>
              <small>{file.path}</small>
            </button>
          </li>
        ))}
      </ul>
      <h3>{t.templates}</h3>
      <button
        type="button"
        className="button"
        onClick={() => usePanels.setState({ dialog: "templates" })}
      >
        <Icon name="grid" />
        {t.templatesAll}
      </button>
      <ul className="list">
        {templates.map((template) => (
          <li key={template.id}>
            <button type="button" onClick={() => void openTemplate(template.id)}>
              <b>{term(template.name)}</b>
              <small>{term(template.description ?? "")}</small>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
