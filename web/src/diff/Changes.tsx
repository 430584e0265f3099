import { later } from "@/api/parts";
import "@/style/diff.css";
import { Suspense, useEffect, useMemo, useState } from "react";
import { ChangeList, type Stop, stopsOf } from "@/diff/ChangeList";
import { DiffCanvas, type Look } from "@/diff/DiffCanvas";
import { sheetOf } from "@/diff/sheet";
import { usePlaces } from "@/diff/usePlaces";
import { SIGNS, sentence } from "@/diff/words";
import {
  type Aligned,
  align,
  difference,
  type GraphChange,
  type Outputs,
} from "@/document/difference";
import type { Workflow } from "@/document/workflow";
import { useText } from "@/language/text";
import { Icon } from "@/shell/Icon";
import { Tool } from "@/shell/Tool";
import { typeIn, useServer } from "@/state/server";
import { type DiffView, useSettings } from "@/state/settings";

const text = () => import("@/diff/TextDiff");
const TextDiff = later(text);

const outputsIn: Outputs = (document, type) => typeIn(document, type)?.outputs;

type Props = { before: Workflow; after: Workflow; names: readonly [string, string] };

/** What differs between two documents: in one graph, or line by line. */
export function Changes({ before, after, names }: Props) {
  const t = useText();
  const { diffView: view, set } = useSettings();
  const types = useServer((state) => state.types);
  const aligned = useMemo(() => types && align(before, after, outputsIn), [before, after, types]);
  const graphs = useMemo(() => difference(aligned), [aligned]);
  const stops = useMemo(() => stopsOf(graphs), [graphs]);
  const [at, setAt] = useState(-1);
  const [line, setLine] = useState(0);
  const [lines, setLines] = useState(0);
  const [wide, setWide] = useState<Look>({ at: "changes", turn: 0 });
  useEffect(() => setAt(-1), [stops]);
  // So that the other view is there at once.
  useEffect(() => void text(), []);

  const count = view === "graph" ? stops.length : lines;
  const now = view === "graph" ? at : line;
  const go = (step: number) => {
    if (count === 0) return;
    const next = now < 0 ? (step > 0 ? 0 : count - 1) : (now + step + count) % count;
    if (view === "graph") setAt(next);
    else setLine(next);
  };
  const see = (what: "all" | "changes") => {
    setAt(-1);
    setWide(({ turn }) => ({ at: what, turn: turn + 1 }));
  };
  const show = (next: DiffView) => set({ diffView: next });
  useKeyboard({
    n: () => go(1),
    p: () => go(-1),
    f7: () => go(1),
    "Shift+f7": () => go(-1),
    y: () => show(view === "graph" ? "beside" : "graph"),
    ".": () => see("all"),
    "Shift+.": () => see("changes"),
  });
  if (graphs.length === 0)
    return <p className="quiet">{samePlaces(before, after) ? t.noDifference : t.onlyPlaces}</p>;
  const views = [
    ["graph", t.graph, "nodes"],
    ["beside", t.textBeside, "beside"],
    ["through", t.text, "text"],
  ] as const;
  return (
    <section className="changes" aria-label={t.changes}>
      <div className="diff-tools">
        <div className="switcher" role="group" aria-label={t.view}>
          {views.map(([name, word, icon]) => (
            <button
              type="button"
              key={name}
              aria-pressed={view === name}
              title={name === "through" ? word : `${word}  Y`}
              onClick={() => show(name)}
            >
              <Icon name={icon} />
              {word}
            </button>
          ))}
        </div>
        <Counts graphs={graphs} />
        <span className="diff-steps">
          <Tool icon="left" label={t.previousChange} keys="P" onClick={() => go(-1)} />
          <span>{count > 0 && t.changeOf(now + 1, count)}</span>
          <Tool icon="right" label={t.nextChange} keys="N" onClick={() => go(1)} />
          {view === "graph" && (
            <>
              <Tool icon="fit" label={t.fit} keys="." onClick={() => see("all")} />
              <Tool
                icon="changes"
                label={t.showChanges}
                keys="Shift+."
                onClick={() => see("changes")}
              />
            </>
          )}
        </span>
      </div>
      {view === "graph" ? (
        <AsGraph {...{ aligned, graphs, stops, at, wide }} onPick={setAt} />
      ) : (
        <Suspense>
          <TextDiff
            before={aligned.before}
            after={after}
            names={names}
            beside={view === "beside"}
            at={line}
            onCount={setLines}
          />
        </Suspense>
      )}
    </section>
  );
}

function samePlaces(before: Workflow, after: Workflow): boolean {
  const places = ({ layout, subgraphs }: Workflow) =>
    JSON.stringify([layout, Object.values(subgraphs ?? {}).map((graph) => graph.layout)]);
  return places(before) === places(after);
}

/** How many nodes were added, removed and changed: the legend of the signs as well. */
function Counts({ graphs }: { graphs: readonly GraphChange[] }) {
  const t = useText();
  const nodes = graphs.flatMap((graph) => graph.nodes);
  return (
    <ul className="diff-counts">
      {(["added", "removed", "changed"] as const).map((sign) => (
        <li key={sign}>
          <b className={`sign ${sign}`} aria-hidden="true">
            {SIGNS[sign]}
          </b>
          {t.nodesOf(nodes.filter((node) => node.sign === sign).length, t[sign])}
        </li>
      ))}
    </ul>
  );
}

type GraphProps = {
  aligned: Aligned;
  graphs: readonly GraphChange[];
  stops: readonly Stop[];
  at: number;
  wide: Look;
  onPick(at: number): void;
};

/** The graph in which the current change is, and all changes in words beside it. */
function AsGraph({ aligned, graphs, stops, at, wide, onPick }: GraphProps) {
  const t = useText();
  const types = useServer((state) => state.types);
  const stop = stops[at];
  const [last, setLast] = useState(0);
  const found = stop ? graphs.findIndex(({ scope }) => scope[1] === stop.scope[1]) : last;
  const index = found < graphs.length ? found : 0;
  useEffect(() => setLast(index), [index]);
  const change = graphs[index];
  const sheet = useMemo(
    // Types that were learned meanwhile draw other ports.
    () => types && sheetOf(aligned, change?.scope ?? [], change, typeIn),
    [aligned, change, types],
  );
  const places = usePlaces(sheet);
  const look = useMemo((): Look => {
    if (stop?.node !== undefined) return { at: { node: stop.node }, turn: 0 };
    return stop ? { at: "changes", turn: 0 } : wide;
  }, [stop, wide]);
  const said = change?.nodes.find(({ node }) => node === stop?.node);
  return (
    <div className="diff-graph">
      <div className="diff-stage">
        {graphs.length > 1 && (
          <div className="switcher diff-scopes" role="group" aria-label={t.subgraphs}>
            {graphs.map(({ scope }, which) => (
              <button
                type="button"
                key={scope.join()}
                aria-pressed={which === index}
                onClick={() => {
                  onPick(-1);
                  setLast(which);
                }}
              >
                {scope[1] ?? t.wholeWorkflow}
              </button>
            ))}
          </div>
        )}
        {places && (
          <DiffCanvas
            key={change?.scope.join()}
            sheet={sheet}
            places={places.places}
            framed={places.own}
            look={look}
            onPick={(node) =>
              onPick(
                stops.findIndex((one) => one.node === node && one.scope[1] === change?.scope[1]),
              )
            }
          />
        )}
      </div>
      <ChangeList graphs={graphs} at={at} onPick={onPick} />
      <p className="hidden" role="status">
        {said && `${t.changeOf(at + 1, stops.length)}. ${sentence(t, said)}`}
      </p>
    </div>
  );
}

/** Keys of a page part while it is there; not while a text is typed. */
function useKeyboard(keys: { [key: string]: () => void }): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const { target, ctrlKey, metaKey, altKey, shiftKey, key, code } = event;
      if (ctrlKey || metaKey || altKey) return;
      if (target instanceof HTMLElement && target.matches("input, textarea, select")) return;
      const shift = shiftKey ? "Shift+" : "";
      const letter = key.length === 1 ? key.toLowerCase() : shift + key.toLowerCase();
      const name = code === "Period" ? `${shift}.` : letter;
      const act = keys[name];
      if (!act) return;
      event.preventDefault();
      act();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  });
}
