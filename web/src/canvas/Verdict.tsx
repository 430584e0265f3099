import { useMessage } from "@/language/terms";
import { duration, useText } from "@/language/text";
import { usePlanParts, useRunParts } from "@/run/ofNode";
import { planWithin, runWithin } from "@/run/within";
import { Icon } from "@/shell/Icon";
import { secondsLeft, useRuns } from "@/state/runs";
import { runName, useTabs } from "@/state/tabs";

/** What a node is doing or did, in how much time, and why. */
export function Verdict({ node: shown }: { node: string }) {
  const t = useText();
  const inWords = useMessage();
  const tab = useTabs(({ active }) => active);
  const node = useTabs((state) => runName(shown, state));
  const planned = usePlanParts(node);
  const run = runWithin(useRunParts(node), planned.length);
  const plan = planWithin(planned);
  const changed = useRuns(({ tabs }) => tabs[tab]?.changed);
  if (!run || (changed && run.state !== "running" && plan?.action !== "reuse")) {
    if (!plan) return null;
    const reuse = plan.action === "reuse";
    return (
      <p className="verdict planned" title={inWords(plan.reason)}>
        <Icon name={reuse ? "reuse" : "play"} />
        <span>{reuse ? t.willReuse : t.willRun}</span>
        {plan.seconds !== null && !reuse && <b>{t.about(duration(plan.seconds))}</b>}
      </p>
    );
  }
  if (run.state === "running") {
    const { step, total } = run;
    const done = step !== undefined && total ? step / total : undefined;
    const left = secondsLeft(run);
    return (
      <div className="verdict running">
        <div
          className="bar"
          role="progressbar"
          aria-label={node}
          aria-valuenow={step}
          aria-valuemax={total}
        >
          <i style={{ width: `${(done ?? 0.08) * 100}%` }} />
        </div>
        <span>{step !== undefined && total ? t.step(step, total) : t.running}</span>
        {left !== undefined && <b>{t.left(duration(left))}</b>}
      </div>
    );
  }
  const reason = inWords(run.reason);
  const failure = run.message ? inWords(run.message) : reason;
  const icon = { ran: "check", cached: "reuse", failed: "warn", skipped: "close" } as const;
  return (
    <>
      <p className={`verdict ${run.state}`} title={failure}>
        <Icon name={icon[run.state]} />
        <span>{run.state === "failed" ? failure : t.because(t[run.state], reason)}</span>
        {run.seconds !== undefined && run.state === "ran" && <b>{duration(run.seconds)}</b>}
      </p>
      {run.state === "failed" && run.trace && (
        <details className="trace nodrag nowheel">
          <summary>{t.trace}</summary>
          <pre>{run.trace}</pre>
        </details>
      )}
    </>
  );
}
