import { diffLines } from "diff";
import { useState } from "react";
import { type Difference, difference } from "@/document/difference";
import type { Json, Workflow } from "@/document/workflow";
import { writeYaml } from "@/document/yaml";
import { useText } from "@/language/text";

type Props = { before: Workflow; after: Workflow };

/** What differs between two documents: by node and input, or line by line. */
export function Changes(props: Props) {
  const t = useText();
  const [view, setView] = useState<"graph" | "text">("graph");
  return (
    <section className="changes" aria-label={t.changes}>
      <div className="switcher" role="group" aria-label={`${t.graph} / ${t.text}`}>
        {(["graph", "text"] as const).map((name) => (
          <button
            type="button"
            key={name}
            aria-pressed={view === name}
            onClick={() => setView(name)}
          >
            {t[name]}
          </button>
        ))}
      </div>
      {view === "graph" ? <ByNode {...props} /> : <ByLine {...props} />}
    </section>
  );
}

const shown = (value: Json | undefined) =>
  value === undefined ? "–" : typeof value === "string" ? value || '""' : JSON.stringify(value);

function ByNode({ before, after }: Props) {
  const t = useText();
  const found = difference(before, after);
  if (found.length === 0) return <p className="quiet">{t.noDifference}</p>;
  const nodes = new Map<string, Difference[]>();
  for (const change of found) nodes.set(change.node, [...(nodes.get(change.node) ?? []), change]);
  return (
    <dl className="difference">
      {[...nodes].map(([node, changes]) => (
        <div key={node}>
          <dt>
            {node}
            {!before.nodes[node] && <ins> {t.added}</ins>}
            {!after.nodes[node] && <del> {t.removed}</del>}
          </dt>
          {changes.map(({ input, before: old, after: now }) => (
            <dd key={input ?? ""}>
              {input && <b>{input}</b>}
              {old !== undefined && <del>{shown(old)}</del>}
              {now !== undefined && <ins>{shown(now)}</ins>}
            </dd>
          ))}
        </div>
      ))}
    </dl>
  );
}

function ByLine({ before, after }: Props) {
  const t = useText();
  const parts = diffLines(writeYaml(computed(before)), writeYaml(computed(after)));
  if (!parts.some(({ added, removed }) => added || removed))
    return <p className="quiet">{t.noDifference}</p>;
  return (
    <pre className="difference lines">
      {parts.map(({ value, added, removed }, index) => {
        const Tag = added ? "ins" : removed ? "del" : "span";
        const mark = added ? "+ " : removed ? "− " : "  ";
        return <Tag key={index}>{value.replace(/^(?=.)/gm, mark)}</Tag>;
      })}
    </pre>
  );
}

function computed({ layout: _, ...rest }: Workflow): Workflow {
  return rest;
}
