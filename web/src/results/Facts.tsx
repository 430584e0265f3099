import { useEffect, useState } from "react";
import { api } from "@/api/client";
import type { StoredFile } from "@/api/shapes";
import { referenceOf } from "@/document/reference";
import { inputsOf, type Workflow } from "@/document/workflow";
import { size, useText } from "@/language/text";

type Read = { width: number; height: number; bytes: number; document?: Workflow };

async function read(url: string): Promise<Read> {
  const blob = await (await fetch(url)).blob();
  const picture = await createImageBitmap(blob);
  const { width, height } = picture;
  picture.close();
  const made = await api.convertPicture(blob).catch(() => undefined);
  return { width, height, bytes: blob.size, ...(made ? { document: made.document } : {}) };
}

/** What a picture says of itself: its size, and the values of the workflow that made it. */
export function Facts({ file }: { file: StoredFile }) {
  const t = useText();
  const [facts, setFacts] = useState<Read>();
  useEffect(() => {
    let current = true;
    setFacts(undefined);
    void read(file.url).then(
      (found) => current && setFacts(found),
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [file.url]);
  if (!facts) return <aside className="facts" aria-label={t.facts} />;
  const nodes = Object.entries(facts.document?.nodes ?? {}).flatMap(([name, node]) => {
    const values = inputsOf(node).filter(([, value]) => !referenceOf(value) && value !== "");
    return values.length > 0 ? [{ name, type: node.node, values }] : [];
  });
  return (
    <aside className="facts" aria-label={t.facts}>
      <p>
        {facts.width} × {facts.height} · {size(facts.bytes)}
      </p>
      {!facts.document && <p className="quiet">{t.noWorkflow}</p>}
      {nodes.map(({ name, values }) => (
        <dl key={name}>
          <dt>{name}</dt>
          {values.map(([input, value]) => (
            <dd key={input}>
              <span>{input}</span>
              <b>{typeof value === "object" ? JSON.stringify(value) : String(value)}</b>
            </dd>
          ))}
        </dl>
      ))}
    </aside>
  );
}
