import { Fragment, Suspense } from "react";
import { fileUrl } from "@/api/client";
import { later } from "@/api/parts";
import { areaOf, SIDES } from "@/area/box";
import { ProblemList, useProblems } from "@/canvas/Problems";
import { loopedOver, rowsOf } from "@/canvas/rows";
import { referenceOf } from "@/document/reference";
import { type Json, type NodeData, titleOf, type Workflow } from "@/document/workflow";
import { Each } from "@/inputs/Each";
import { Field } from "@/inputs/Field";
import { useMessage, useTerm } from "@/language/terms";
import { duration, useText } from "@/language/text";
import { picturesOf } from "@/results/pictures";
import { viewer } from "@/results/viewer";
import { planWord } from "@/run/plan";
import { run } from "@/run/submit";
import { Icon } from "@/shell/Icon";
import { nameOf } from "@/shell/TopBar";
import { usePanels } from "@/state/panels";
import { secondsLeft, useRun, useRuns } from "@/state/runs";
import { nodeType, useServer } from "@/state/server";
import { activeTab, useDocument, useTabs } from "@/state/tabs";
import type { InputType } from "@/types/nodeType";

const AreaField = later(() => import("@/area/AreaField"));

type Shown = {
  name: string;
  node: string;
  spec: InputType;
  /** The values, where a loop goes over them. */
  each?: readonly Json[];
};

function shownInputs(workflow: Workflow): Shown[] {
  return Object.entries(workflow.inputs ?? {}).flatMap(([name, value]) => {
    const target = referenceOf(value);
    const node = target && workflow.nodes[target.node];
    if (!node || target.output === undefined) return [];
    const each = loopedOver(node, target.output);
    const inputs = each ? nodeType(node.node)?.inputs : rowsOf(nodeType(node.node), node).literals;
    const spec = inputs?.find((input) => input.name === target.output);
    return spec ? [{ name, node: target.node, spec, ...(each ? { each } : {}) }] : [];
  });
}

/** The nodes whose whole area is shown, by the row that says the last of it. */
function areasOf(inputs: readonly Shown[], workflow: Workflow): ReadonlyMap<string, string> {
  const last = new Map<string, string>();
  const said = new Map<string, Set<string>>();
  for (const { name, node, spec } of inputs) {
    const sides = said.get(node) ?? new Set();
    if (SIDES.some((side) => side === spec.name)) last.set(node, name);
    said.set(node, sides.add(spec.name));
  }
  return new Map(
    [...last].flatMap(([node, name]): [string, string][] =>
      areaOf(nodeType(workflow.nodes[node]?.node ?? "")) &&
      SIDES.every((side) => said.get(node)?.has(side))
        ? [[name, node]]
        : [],
    ),
  );
}

const label = (name: string) =>
  name === "cfg" ? "CFG" : name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");

/** Only what the workflow shows, with the result beside it: where a beginner starts. */
export function FormView() {
  const t = useText();
  const term = useTerm();
  const workflow = useDocument();
  useServer(({ types }) => types);
  const inputs = shownInputs(workflow);
  const name = useTabs((state) => {
    const tab = activeTab(state);
    return tab ? nameOf(tab, t.untitled) : t.untitled;
  });
  const areas = areasOf(inputs, workflow);
  const problems = useProblems();
  const empty = Object.keys(workflow.nodes).length === 0;
  return (
    <main className="form">
      <section className="form-inputs" aria-label={t.inputs}>
        <h1>{term(name)}</h1>
        {workflow.description && <p className="quiet">{workflow.description}</p>}
        {inputs.length === 0 && <Bare empty={empty} />}
        {inputs.map((input, index) => {
          const area = areas.get(input.name);
          const title = area && titleOf(area, workflow.nodes[area] as NodeData);
          return (
            <Fragment key={input.name}>
              <FormRow {...input} first={index === 0} />
              {area && (
                <div className="form-area">
                  <span className="form-label">{`${title} · ${t.area}`}</span>
                  <Suspense fallback={<div className="area-stage" />}>
                    <AreaField node={area} />
                  </Suspense>
                </div>
              )}
            </Fragment>
          );
        })}
        <ProblemList problems={problems} named />
        {!empty && <RunLine />}
      </section>
      <Result />
    </main>
  );
}

/** Instead of the rows where there are none: what to do about it. */
function Bare({ empty }: { empty: boolean }) {
  const t = useText();
  const { look } = useTabs.getState();
  return (
    <div className="form-bare">
      <p className="quiet">{empty ? t.noNodes : t.noInputs}</p>
      <button
        type="button"
        className={empty ? "button primary" : "button"}
        onClick={() => (empty ? usePanels.setState({ dialog: "templates" }) : look("graph"))}
      >
        <Icon name={empty ? "box" : "nodes"} />
        {empty ? t.templatesAll : t.toGraph}
      </button>
      {empty && (
        <button type="button" className="button" onClick={() => look("graph")}>
          <Icon name="nodes" />
          {t.toGraph}
        </button>
      )}
    </div>
  );
}

function FormRow({ name, node, spec, each, first }: Shown & { first: boolean }) {
  const term = useTerm();
  const value = useDocument().nodes[node]?.[spec.name];
  const bad = useProblems().some((one) => one.node === node && one.input === spec.name);
  const tall = spec.multiline || spec.input_file || each;
  const english = label(name);
  const word = name === spec.name ? (spec.label ?? term(english)) : term(english);
  return (
    <div className={["form-row", tall && "tall", bad && "bad"].filter(Boolean).join(" ")}>
      <span className="form-label" title={spec.description}>
        {word}
      </span>
      {each ? (
        <Each node={node} spec={spec} value={each} label={word} />
      ) : (
        <Field node={node} spec={spec} value={value} label={word} rows={first ? 4 : 2} />
      )}
    </div>
  );
}

function RunLine() {
  const t = useText();
  const inWords = useMessage();
  const tab = useTabs(({ active }) => active);
  const { plan, error } = useRun(tab);
  const problems = useProblems();
  return (
    <div className="form-run">
      <button type="button" className="button primary large" onClick={() => void run()}>
        <Icon name="play" />
        {t.run}
        <kbd>Ctrl ↵</kbd>
      </button>
      {plan && <p className="quiet">{planWord(t, plan)}</p>}
      {error && problems.length === 0 && (
        <p className="wrong" role="alert">
          {inWords(error)}
        </p>
      )}
    </div>
  );
}

function FirstPicture() {
  const t = useText();
  const empty = Object.keys(useDocument().nodes).length === 0;
  return (
    <div className="first-picture quiet">
      <Icon name="image" />
      <p>{empty ? t.resultsEmpty : t.firstPicture}</p>
    </div>
  );
}

function Result() {
  const t = useText();
  const tab = useTabs(({ active }) => active);
  const run = useRun(tab);
  const workflow = useDocument();
  const job = useRuns(({ jobs }) => (run.job ? jobs[run.job] : undefined));
  const state = job?.state;
  const active = Object.entries(run.nodes).find(([, node]) => node.state === "running");
  const preview = active && run.previews[active[0]];
  const kept = Object.entries(run.outputs).filter(
    ([name]) => name.includes(":") || workflow.nodes[name],
  );
  const pictures = picturesOf(Object.fromEntries(kept));
  const ended = Object.values(run.nodes);
  const reused = ended.filter((node) => node.state === "cached").length;
  const waiting = state === "queued" || (state === "running" && !active);
  const step = active?.[1].step ?? 0;
  const total = active?.[1].total ?? 0;
  const left = active && secondsLeft(active[1]);
  return (
    <section className="form-result" aria-label={t.results} aria-live="polite">
      <div className={preview ? "stage live" : "stage"}>
        {preview ? (
          <img src={preview} alt={t.running} />
        ) : pictures.length > 0 ? (
          pictures.map((file, index) => (
            <button
              type="button"
              key={file.url}
              onClick={() => viewer.open(pictures, index)}
              aria-label={`${t.fullscreen}: ${file.path}`}
            >
              <img src={fileUrl(file)} alt={file.path} />
            </button>
          ))
        ) : (
          <FirstPicture />
        )}
      </div>
      <p className="stage-line" role="status">
        {active && (
          <>
            <span className="bar">
              <i style={{ width: `${total ? (step / total) * 100 : 5}%` }} />
            </span>
            {active[0]}
            {total > 0 && ` · ${t.step(step, total)}`}
            {left !== undefined && ` · ${t.left(duration(left))}`}
          </>
        )}
        {waiting && t.queued}
        {state === "cancelled" && t.cancelled}
        {state === "done" && !active && job && t.doneIn(duration(job.seconds ?? 0))}
        {state === "done" && !active && reused > 0 && ` · ${t.reusedOf(reused, ended.length)}`}
      </p>
    </section>
  );
}
