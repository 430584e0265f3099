import { useEffect, useState } from "react";
import { ApiError } from "@/api/client";
import type { Problem } from "@/api/shapes";
import { ProblemList } from "@/canvas/Problems";
import { literalOf, referenceOf } from "@/document/reference";
import type { Workflow } from "@/document/workflow";
import { useText } from "@/language/text";
import { Dialog } from "@/shell/Dialog";
import { say, usePanels } from "@/state/panels";
import { nodeType } from "@/state/server";
import { useDocument, useTabs } from "@/state/tabs";
import type { Axis } from "@/sweep/grid";
import { SweepGrid } from "@/sweep/SweepGrid";
import { type AxisText, findSweep, startSweep, useSweep } from "@/sweep/sweeps";
import { countOf, MOST, MOST_VARIANTS, readValues, strays } from "@/sweep/values";
import type { InputType } from "@/types/nodeType";

const NO_AXIS: AxisText = { key: "", text: "" };

type Target = { key: string; node: string; spec: InputType; now: string };

/** Inputs that hold a value, those of the form first. */
function targetsOf(workflow: Workflow): Target[] {
  const shown = Object.values(workflow.inputs ?? {}).map(String);
  const all = Object.entries(workflow.nodes).flatMap(([node, data]) =>
    (nodeType(data.node)?.inputs ?? []).flatMap((spec): Target[] => {
      const value = data[spec.name];
      if (!spec.literal || spec.input_file || referenceOf(value)) return [];
      const now = literalOf(value) ?? spec.default ?? "";
      return [{ key: `${node}.${spec.name}`, node, spec, now: String(now) }];
    }),
  );
  const rank = ({ key }: Target) => (shown.includes(`$${key}`) ? shown.indexOf(`$${key}`) : 999);
  return all.sort((a, b) => rank(a) - rank(b));
}

/** Which inputs get which values; below it the grid of the last sweep. */
export default function SweepDialog() {
  const t = useText();
  const document = useDocument();
  const sweep = useSweep((state) => state.sweep);
  useEffect(() => {
    if (!useSweep.getState().sweep) void findSweep().catch((error: Error) => say(error.message));
  }, []);
  const targets = targetsOf(document);
  const seed = targets.find(({ spec }) => spec.seed) ?? targets[0];
  const [before] = useState(() => {
    const { asked } = useSweep.getState();
    const here = asked?.tab === useTabs.getState().active;
    return here && targets.some(({ key }) => key === asked.across.key) ? asked : undefined;
  });
  const [across, setAcross] = useState(before?.across ?? { key: seed?.key ?? "", text: "1..4" });
  const [chosen, setDown] = useState(before?.down ?? NO_AXIS);
  // An input has one value in a variant.
  const others = targets.filter(({ key }) => key !== across.key);
  const down = others.some(({ key }) => key === chosen.key) ? chosen : NO_AXIS;
  const [problems, setProblems] = useState<readonly Problem[]>([]);
  const [starting, setStarting] = useState(false);

  function axisOf({ key, text }: AxisText): Axis | undefined {
    const target = targets.find((one) => one.key === key);
    if (!target) return undefined;
    const { node, spec } = target;
    const values = readValues(text, spec);
    return values.length > 0 && values.length <= MOST
      ? { node, input: spec.name, values }
      : undefined;
  }

  const [first, second] = [axisOf(across), axisOf(down)];
  const count = (first?.values.length ?? 0) * (second?.values.length ?? (down.key ? 0 : 1));

  async function start(): Promise<void> {
    if (!first) return;
    setStarting(true);
    useSweep.setState({ asked: { tab: useTabs.getState().active, across, down } });
    try {
      setProblems(await startSweep(document, first, second));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const other = { code: error.code, message: error.message };
      setProblems(error.problems.length > 0 ? error.problems : [other]);
    } finally {
      setStarting(false);
    }
  }

  const title = t.sweep.replace("…", "");
  if (targets.length === 0)
    return (
      <Dialog title={title}>
        <p>{t.sweepNothing}</p>
        <div className="choices">
          <button
            type="button"
            className="button primary"
            onClick={() => usePanels.setState({ dialog: "templates" })}
          >
            {t.templates}
          </button>
        </div>
        {sweep && <SweepGrid sweep={sweep} />}
      </Dialog>
    );
  return (
    <Dialog title={title} size="wide">
      <form
        className="sweep"
        onSubmit={(event) => {
          event.preventDefault();
          void start();
        }}
      >
        <AxisFields label={t.sweepAcross} axis={across} onChange={setAcross} targets={targets} />
        <AxisFields label={t.sweepDown} axis={down} onChange={setDown} targets={others} none />
        {count > MOST_VARIANTS ? (
          <p className="wrong">{t.sweepVariants(count, MOST_VARIANTS)}</p>
        ) : (
          <p className="quiet">{t.sweepHint}</p>
        )}
        <button
          type="submit"
          className="button primary"
          disabled={starting || count === 0 || count > MOST_VARIANTS}
        >
          {t.sweepRun(count)}
        </button>
      </form>
      <ProblemList problems={problems} named />
      {sweep && <SweepGrid sweep={sweep} />}
    </Dialog>
  );
}

type FieldsProps = {
  label: string;
  axis: AxisText;
  targets: Target[];
  none?: boolean;
  onChange(axis: AxisText): void;
};

function AxisFields({ label, axis, targets, none, onChange }: FieldsProps) {
  const t = useText();
  const target = targets.find(({ key }) => key === axis.key);
  const unread = target ? strays(axis.text, target.spec) : [];
  const count = target ? countOf(axis.text, target.spec) : 0;
  return (
    <div className="axis">
      <label>
        {label}
        <select
          className="field"
          value={axis.key}
          onChange={({ target: { value: key } }) =>
            onChange({ key, text: targets.find((one) => one.key === key)?.now ?? "" })
          }
        >
          {none && <option value="">{t.sweepNone}</option>}
          {targets.map(({ key }) => (
            <option key={key} value={key}>
              {key}
            </option>
          ))}
        </select>
      </label>
      {axis.key !== "" && (
        <textarea
          className="field"
          aria-label={`${label}: ${t.sweepValues}`}
          rows={target?.spec.multiline ? 3 : 1}
          placeholder={target?.spec.choices?.slice(0, 3).join(", ")}
          value={axis.text}
          spellCheck={false}
          aria-invalid={unread.length > 0 || count > MOST || undefined}
          onChange={(event) => onChange({ ...axis, text: event.target.value })}
        />
      )}
      {unread.length > 0 && <p className="wrong">{t.sweepUnread(unread.join(", "))}</p>}
      {count > MOST && <p className="wrong">{t.sweepMany(count, MOST)}</p>}
    </div>
  );
}
