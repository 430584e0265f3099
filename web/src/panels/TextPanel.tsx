import { useEffect, useRef, useState } from "react";
import { Draft } from "@/document/operation";
import type { Json } from "@/document/workflow";
import { readYaml, writeYaml, YamlError } from "@/document/yaml";
import { useMessage } from "@/language/terms";
import { useText } from "@/language/text";
import { takesWhole } from "@/state/server";
import { activeTab, useDocument, useTabs } from "@/state/tabs";

/** The document as YAML. Typing changes the graph; changing the graph changes the text. */
export default function TextPanel() {
  const t = useText();
  const inWords = useMessage();
  const workflow = useDocument();
  const id = useTabs(({ active }) => active);
  const own = useRef<unknown>(undefined);
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState<YamlError>();

  useEffect(() => {
    if (own.current === workflow) return;
    setText(writeYaml(workflow, takesWhole(workflow), activeTab()?.text));
    setWrong(undefined);
  }, [workflow, id]);

  function typed(next: string): void {
    setText(next);
    const tab = activeTab();
    if (!tab) return;
    try {
      const read = readYaml(next) as unknown as { [key: string]: Json };
      const draft = new Draft(tab.log.document);
      const keys = new Set([...Object.keys(tab.log.document), ...Object.keys(read)]);
      for (const key of keys) {
        const before = (tab.log.document as unknown as { [key: string]: Json })[key];
        if (JSON.stringify(before) !== JSON.stringify(read[key])) draft.set([key], read[key]);
      }
      own.current = draft.document;
      useTabs.getState().edit(draft.done("text", "text"));
      own.current = activeTab()?.log.document;
      useTabs.getState().change(tab.id, { text: next });
      setWrong(undefined);
    } catch (error) {
      if (!(error instanceof YamlError)) throw error;
      setWrong(error);
    }
  }

  return (
    <>
      <textarea
        className="yaml"
        aria-label={t.text}
        spellCheck={false}
        value={text}
        onChange={(event) => typed(event.target.value)}
        onBlur={() => useTabs.getState().seal()}
      />
      <p className={wrong ? "wrong" : "quiet"} role="status">
        {wrong ? t.yamlWrong(wrong.mistakes[0]?.line ?? 1, inWords(wrong.message)) : t.yamlHint}
      </p>
    </>
  );
}
