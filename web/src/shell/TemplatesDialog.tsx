import { useEffect, useState } from "react";
import { api, templatePicture } from "@/api/client";
import type { Template } from "@/api/shapes";
import { openTemplate } from "@/commands/files";
import { useTerm } from "@/language/terms";
import { useText } from "@/language/text";
import { Dialog } from "@/shell/Dialog";
import { say, usePanels } from "@/state/panels";

/** The workflows that ship with the program, each with the picture that it makes. */
export default function TemplatesDialog() {
  const t = useText();
  const term = useTerm();
  const [templates, setTemplates] = useState<Template[]>([]);
  const [query, setQuery] = useState("");
  useEffect(() => {
    void api.templates().then(
      (answer) => setTemplates(answer.templates),
      (error: Error) => say(error.message),
    );
  }, []);
  const words = query.toLowerCase().split(/\s+/);
  const found = templates.filter(({ id, name, description }) => {
    const told = description ?? "";
    const text = [id, name, told, term(name), term(told)].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return (
    <Dialog title={t.templates} size="wide">
      <p className="quiet">{t.templatesHint}</p>
      <input
        className="field"
        aria-label={t.search}
        placeholder={t.search}
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      {templates.length > 0 && found.length === 0 && (
        <div className="cards-none">
          <p className="quiet">{t.noTemplate(query.trim())}</p>
          <button type="button" className="button" onClick={() => setQuery("")}>
            {t.templatesAll}
          </button>
        </div>
      )}
      <ul className="cards" aria-busy={templates.length === 0}>
        {found.map(({ id, name, description, nodes }) => (
          <li key={id}>
            <button
              type="button"
              className="card"
              onClick={() => {
                usePanels.setState({ dialog: undefined });
                void openTemplate(id);
              }}
            >
              <img src={templatePicture(id)} alt="" loading="lazy" />
              <b>{term(name)}</b>
              {description && <span>{term(description)}</span>}
              <small>{t.nodeCount(nodes)}</small>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
