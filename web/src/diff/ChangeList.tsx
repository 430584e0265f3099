import { useEffect, useRef } from "react";
import { keyWord, nameOf, SIGNS, shown } from "@/diff/words";
import type { Change, GraphChange, Sign } from "@/document/difference";
import type { Scope } from "@/document/workflow";
import { useText } from "@/language/text";

/** One thing that can be gone to: a node that differs, or what differs beside the nodes of a graph. */
export type Stop = { scope: Scope; node?: string };

export function stopsOf(graphs: readonly GraphChange[]): Stop[] {
  return graphs.flatMap(({ scope, about, nodes }): Stop[] => [
    ...nodes.map(({ node }) => ({ scope, node })),
    ...(about.length > 0 ? [{ scope }] : []),
  ]);
}

type Props = { graphs: readonly GraphChange[]; at: number; onPick(at: number): void };

/** All changes in words; each leads to its place in the graph. */
export function ChangeList({ graphs, at, onPick }: Props) {
  const t = useText();
  let next = 0;
  return (
    <div className="difference">
      {graphs.map(({ scope, sign, nodes, about }) => (
        <section key={scope.join()}>
          {(scope.length > 0 || graphs.length > 1) && (
            <h3>
              {scope[1] ?? t.wholeWorkflow}
              {sign !== "changed" && ` · ${t[sign]}`}
            </h3>
          )}
          <dl>
            {nodes.map(({ node, sign, was, changes }) => (
              <Entry
                key={node}
                stop={next++}
                name={nameOf(t, node)}
                sign={sign}
                word={was === undefined ? t[sign] : t.wasCalled(was)}
                {...{ changes, at, onPick }}
              />
            ))}
            {about.length > 0 && (
              <Entry
                stop={next++}
                name={t.aboutGraph}
                sign="changed"
                word={t.changed}
                changes={about}
                {...{ at, onPick }}
              />
            )}
          </dl>
        </section>
      ))}
    </div>
  );
}

type EntryProps = {
  stop: number;
  at: number;
  name: string;
  sign: Sign;
  word: string;
  changes: readonly Change[];
  onPick(at: number): void;
};

function Entry({ stop, at, name, sign, word, changes, onPick }: EntryProps) {
  const t = useText();
  const here = stop === at;
  const entry = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (here) entry.current?.scrollIntoView({ block: "nearest" });
  }, [here]);
  return (
    <div ref={entry} className={here ? "change here" : "change"}>
      <dt>
        <button type="button" aria-current={here || undefined} onClick={() => onPick(stop)}>
          <b className={`sign ${sign}`} aria-hidden="true">
            {SIGNS[sign]}
          </b>
          <span>{name}</span>
          <em>{word}</em>
        </button>
      </dt>
      {changes.map(({ key, before, after }) => (
        <dd key={key}>
          <b>{keyWord(t, key)}</b>
          <span>
            {before !== undefined && <del>{shown(before)}</del>}
            {before !== undefined && after !== undefined && " → "}
            {after !== undefined && <ins>{shown(after)}</ins>}
          </span>
        </dd>
      ))}
    </div>
  );
}
