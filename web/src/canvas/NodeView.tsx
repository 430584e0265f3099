import type { NodeProps } from "@xyflow/react";
import { memo, Suspense, useMemo, useState } from "react";
import { fileUrl } from "@/api/client";
import { later } from "@/api/parts";
import { areaOf, SIDES } from "@/area/box";
import { useDetail } from "@/canvas/detail";
import { Grip } from "@/canvas/Grip";
import { useOutputs } from "@/canvas/missing";
import { Port } from "@/canvas/Port";
import { Problems } from "@/canvas/Problems";
import { loopedOver, loopOf, rowsOf } from "@/canvas/rows";
import { Verdict } from "@/canvas/Verdict";
import { enter } from "@/commands/subgraphs";
import { TIMES } from "@/document/links";
import { REROUTE, referenceOf } from "@/document/reference";
import { type Json, modeOf, type NodeData, titleOf } from "@/document/workflow";
import { Each } from "@/inputs/Each";
import { Field } from "@/inputs/Field";
import { useTerm } from "@/language/terms";
import { useText } from "@/language/text";
import { previewOf } from "@/plugins/previewOf";
import { viewer } from "@/results/viewer";
import { useMade, usePreview, useRunState } from "@/run/ofNode";
import { Icon } from "@/shell/Icon";
import { useNodeType, useServer } from "@/state/server";
import { activeTab, currentGraph, runName, useTabs } from "@/state/tabs";
import { type InputType, labelOf, type NodeType, tipOf } from "@/types/nodeType";

const AreaField = later(() => import("@/area/AreaField"));
const Preview = later(() => import("@/plugins/Preview"));

/** Where a node lies and whether it is selected is React Flow's to show: neither draws it anew. */
function same(now: NodeProps, before: NodeProps): boolean {
  return now.id === before.id && now.width === before.width && now.height === before.height;
}

/** One node: its ports, its widgets, what it shows, and what became of it. */
export const NodeView = memo(function NodeView({ id, width, height }: NodeProps) {
  const node = useTabs((state) => currentGraph(state).nodes[id]);
  const full = useDetail(id);
  if (!node) return null;
  if (full) return <Known id={id} node={node} />;
  return <Plain id={id} node={node} width={width} height={height} />;
}, same);

type PlainProps = {
  id: string;
  node: NodeData;
  width: number | undefined;
  height: number | undefined;
};

/** A box with a name, as big as the node: for what is too small to read, or is about to be drawn. */
function Plain({ id, node, width, height }: PlainProps) {
  const state = useRunState(useTabs((tabs) => runName(id, tabs)));
  const colour = useTabs((tabs) => currentGraph(tabs).layout?.nodes?.[id]?.colour);
  const title = titleOf(id, node);
  const marks = [modeOf(node), state].filter(Boolean).join(" ");
  return (
    <article
      className={`node plain nokey ${marks}`}
      aria-label={title}
      style={{ width, height, "--tint": colour } as React.CSSProperties}
    >
      <header className="node-head">
        <strong>{title}</strong>
      </header>
    </article>
  );
}

const Known = memo(KnownView);

function KnownView({ id, node }: { id: string; node: NodeData }) {
  const t = useText();
  const term = useTerm();
  const [width, setWidth] = useState<number>();
  const type = useNodeType(node.node);
  const loaded = useServer((state) => state.loaded);
  const layout = useTabs((state) => currentGraph(state).layout?.nodes?.[id]);
  const name = useTabs((state) => runName(id, state));
  const state = useRunState(name);
  const wrong = useWrongInputs(name);
  const isGraph =
    useTabs((state) => activeTab(state)?.log.document.subgraphs?.[node.node]) !== undefined;
  const mode = modeOf(node);
  const missing = loaded && !type;
  const title = titleOf(id, node);
  const english = type?.display_name ?? node.node;
  const shown = term(english);
  const marks = [mode, state, missing && "missing"].filter(Boolean);
  if (node.node === REROUTE && type)
    return (
      <article
        className={`node whole reroute nokey ${marks.join(" ")}`}
        aria-label={`${title}, ${shown}`}
      >
        <Folded id={id} type={type} node={node} />
        <Problems node={id} />
      </article>
    );
  return (
    <article
      className={`node whole nokey ${marks.join(" ")}`}
      aria-label={`${title}, ${shown}`}
      style={{ width: width ?? layout?.w, "--tint": layout?.colour } as React.CSSProperties}
    >
      <Grip node={id} onWidth={setWidth} />
      <header className="node-head" title={type?.description}>
        <strong>{title}</strong>
        {english.toLowerCase().replace(/\W/g, "") !== title.toLowerCase().replace(/\W/g, "") && (
          <span>{shown}</span>
        )}
        {layout?.pinned && (
          <i className="node-pinned" title={t.pinned}>
            <Icon name="lock" />
          </i>
        )}
        {mode && <em>{mode === "mute" ? t.isMuted : t.isBypassed}</em>}
        {isGraph && (
          <button
            type="button"
            className="node-enter nodrag"
            aria-label={`${t.enter}: ${title}`}
            title={`${t.enter}  E`}
            onClick={() => void enter(id)}
          >
            <Icon name="enter" />
          </button>
        )}
      </header>
      {layout?.collapsed ? (
        <Folded id={id} type={type} node={node} />
      ) : (
        <>
          {missing && <p className="node-missing">{t.missingNode}</p>}
          <Body id={id} node={node} type={type} wrong={wrong} />
          <Shown node={name} module={previewOf(node)} />
        </>
      )}
      <Problems node={id} />
      <Verdict node={id} />
    </article>
  );
}

/** All ports on the header of a collapsed node. */
function Folded({ id, type, node }: { id: string; type: NodeType | undefined; node: NodeData }) {
  const { links, literals, fed, times, others } = rowsOf(type, node);
  const linked = literals.filter(({ name }) => referenceOf(node[name]));
  const outputs = useOutputs(id, type);
  return (
    <div className="folded">
      {times && <Port name={TIMES} type="INT" side="in" />}
      {[...links, ...linked, ...fed].map((input) => (
        <Port key={input.name} name={input.name} type={input.type} side="in" />
      ))}
      {others
        .filter(([, value]) => referenceOf(value))
        .map(([name]) => (
          <Port key={name} name={name} type="*" side="in" />
        ))}
      {outputs.map((output) => (
        <Port key={output.name} name={output.name} type={output.type} side="out" />
      ))}
    </div>
  );
}

/** The inputs of a node that a problem names. */
function useWrongInputs(id: string): ReadonlySet<string> {
  const tab = useTabs(({ active }) => active);
  const names = useServer(({ problems }) =>
    (problems[tab] ?? [])
      .flatMap(({ node, input }) => (node === id && input ? [input] : []))
      .join(" "),
  );
  return useMemo(() => new Set(names.split(" ")), [names]);
}

type BodyProps = {
  id: string;
  node: NodeData;
  type: NodeType | undefined;
  wrong: ReadonlySet<string>;
};

function Body({ id, node, type, wrong }: BodyProps) {
  const t = useText();
  const { links, literals, others, looped, fed, times } = rowsOf(type, node);
  const outputs = useOutputs(id, type);
  const ports = Math.max(links.length, outputs.length);
  const texts = literals.filter(({ multiline }) => multiline).length;
  return (
    <div className="node-body">
      {Array.from({ length: ports }, (_, index) => {
        const input = links[index];
        const output = outputs[index];
        return (
          <div className={wrong.has(input?.name ?? "") ? "row ports bad" : "row ports"} key={index}>
            {input && (
              <>
                <Port name={input.name} type={input.type} side="in" hollow={!node[input.name]} />
                <label title={tipOf(input)} data-input={input.name}>
                  {labelOf(input)}
                </label>
              </>
            )}
            {output && (
              <>
                <span className="out">{labelOf(output)}</span>
                <Port name={output.name} type={output.type} side="out" />
              </>
            )}
          </div>
        );
      })}
      {fed.map((input) => (
        <div
          className={wrong.has(input.name) ? "row bad" : "row"}
          key={input.name}
          data-input={input.name}
        >
          <Port name={input.name} type={`list[${input.type}]`} side="in" />
          <label title={`${t.perRound}. ${tipOf(input)}`}>{labelOf(input)} ↻</label>
          <span className="linked">{written(loopOf(node).each[input.name])}</span>
        </div>
      ))}
      {times && (
        <div className="row">
          <Port name={TIMES} type="INT" side="in" />
          <label>{t.rounds}</label>
          <span className="linked">{times}</span>
        </div>
      )}
      {literals.map((input) => (
        <Literal
          key={input.name}
          id={id}
          node={node}
          input={input}
          wrong={wrong.has(input.name)}
          plain={texts === 1}
        />
      ))}
      {areaOf(type) && (
        <div data-input={SIDES.join(" ")}>
          <Suspense fallback={<div className="area-stage" />}>
            <AreaField node={id} />
          </Suspense>
        </div>
      )}
      {looped.map((input) => (
        <div className="row tall" key={input.name}>
          <label title={tipOf(input)}>
            {labelOf(input)} · {t.perRound}
          </label>
          <Each
            node={id}
            spec={input}
            value={loopedOver(node, input.name) ?? []}
            label={`${id} ${labelOf(input)}`}
          />
        </div>
      ))}
      {others.map(([name, value]) => (
        <div className="row unknown" key={name}>
          <Port name={name} type="*" side="in" hollow={!referenceOf(value)} />
          <label>{name}</label>
          <code>{String(value)}</code>
        </div>
      ))}
    </div>
  );
}

/** What a loop goes over as it is written. */
function written(value: Json | undefined): string {
  return Array.isArray(value) ? value.map(String).join(", ") : String(value);
}

type LiteralProps = {
  id: string;
  node: NodeData;
  input: InputType;
  wrong: boolean;
  plain: boolean;
};

/** An input with its widget. The only text of a node needs no name (`plain`). */
function Literal({ id, node, input, wrong, plain }: LiteralProps) {
  const value = node[input.name];
  const linked = referenceOf(value) !== undefined;
  const module = useServer(({ types }) => types.widgets.has(input.type));
  const tall = !linked && (input.multiline || input.input_file || module);
  return (
    <div
      className={["row", tall && "tall", input.seed && "seeded", wrong && "bad"]
        .filter(Boolean)
        .join(" ")}
      data-input={input.name}
    >
      <Port name={input.name} type={input.type} side="in" hollow={!linked} />
      {!(tall && input.multiline && plain) && <label title={tipOf(input)}>{labelOf(input)}</label>}
      {linked ? (
        <span className="linked">{String(value)}</span>
      ) : (
        <Field node={id} spec={input} value={value} label={`${id} ${labelOf(input)}`} />
      )}
    </div>
  );
}

/** The picture a node made, or the one that is becoming. */
function Shown({ node, module }: { node: string; module: string | undefined }) {
  const preview = usePreview(node);
  const made = useMade(node);
  const pictures = made?.files.filter((file) => file.media_type.startsWith("image/")) ?? [];
  if (preview) return <img className="node-picture" src={preview} alt="" />;
  if (pictures.length === 0 && !made?.text.length) return null;
  if (module && made)
    return (
      <Suspense>
        <Preview module={module} label={node} made={made} />
      </Suspense>
    );
  return (
    <div className="node-pictures">
      {pictures.slice(0, 4).map((file, index) => (
        <button
          type="button"
          key={file.url}
          className="nodrag"
          aria-label={file.path}
          onClick={() => viewer.open(pictures, index)}
        >
          <img className="node-picture" src={fileUrl(file, 512)} alt={file.path} />
        </button>
      ))}
      {made?.text.map((text) => (
        <pre key={text}>{text}</pre>
      ))}
    </div>
  );
}
