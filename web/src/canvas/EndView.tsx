import type { NodeProps } from "@xyflow/react";
import { memo, useState } from "react";
import { gives, NEW, takes } from "@/canvas/ends";
import { Port } from "@/canvas/Port";
import { removeEnd, renameEnd, type Side } from "@/document/ends";
import { isName } from "@/document/names";
import { INPUTS } from "@/document/workflow";
import { useText } from "@/language/text";
import { Icon } from "@/shell/Icon";
import { useServer } from "@/state/server";
import { act, useGraph } from "@/state/tabs";

/** The inputs or the outputs of a subgraph, on its canvas. */
export const EndView = memo(function EndView({ id }: NodeProps) {
  const t = useText();
  const graph = useGraph();
  useServer(({ types }) => types);
  const side: Side = id === INPUTS ? "inputs" : "outputs";
  const ports = side === "inputs" ? takes(graph).outputs : gives(graph).inputs;
  const names = new Set(Object.keys(graph[side] ?? {}));
  return (
    <article className="node whole end nokey" aria-label={t[side]}>
      <header className="node-head">
        <strong>{t[side]}</strong>
      </header>
      <div className="node-body">
        {ports.map(({ name, type }) => (
          <div className="row ports" key={name}>
            {name === NEW ? (
              <span className="quiet">{side === "inputs" ? t.newInput : t.newOutput}</span>
            ) : (
              <>
                <EndName side={side} name={name} taken={names} />
                <button
                  type="button"
                  className="end-remove nodrag"
                  aria-label={`${t.remove}: ${name}`}
                  onClick={() => act((d, scope) => removeEnd(d, scope, side, name))}
                >
                  <Icon name="close" />
                </button>
              </>
            )}
            <Port
              name={name}
              type={type}
              side={side === "inputs" ? "out" : "in"}
              hollow={name === NEW}
            />
          </div>
        ))}
      </div>
    </article>
  );
});

type NameProps = { side: Side; name: string; taken: ReadonlySet<string> };

function EndName({ side, name, taken }: NameProps) {
  const t = useText();
  const [typed, setTyped] = useState<string>();
  function done(): void {
    const free = typed !== undefined && isName(typed) && typed !== NEW && !taken.has(typed);
    if (free) act((d, scope) => renameEnd(d, scope, side, name, typed));
    setTyped(undefined);
  }
  return (
    <input
      className="end-name nodrag"
      aria-label={`${t.rename}: ${name}`}
      value={typed ?? name}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={done}
      onKeyDown={(event) => {
        if (event.key === "Enter") done();
        if (event.key === "Escape") setTyped(undefined);
      }}
    />
  );
}
