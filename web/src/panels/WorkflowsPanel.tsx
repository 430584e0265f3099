import { useEffect, useState } from "react";
import { api } from "@/api/client";
import type { Template, WorkflowFile } from "@/api/shapes";
import { openFile, openSaved, openTemplate } from "@/commands/files";
import { useText } from "@/language/text";
import { Icon } from "@/shell/Icon";

/** Saved workflows and templates. */
export function WorkflowsPanel() {
  const t = useText();
  const [templates, setTemplates] = useState<Template[]>([]);
  const [files, setFiles] = useState<WorkflowFile[]>([]);
  useEffect(() => {
    void api.templates().then(
      (answer) => setTemplates(answer.templates),
      () => undefined,
    );
    void api.workflows().then(
      (answer) => setFiles(answer.workflows),
      () => undefined,
    );
  }, []);
  return (
    <>
      <button type="button" className="button" onClick={openFile}>
        <Icon name="folder" />
        {t.open}
      </button>
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
      <ul className="list">
        {templates.map((template) => (
          <li key={template.id}>
            <button type="button" onClick={() => void openTemplate(template.id)}>
              <b>{template.name}</b>
              <small>{template.description}</small>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
