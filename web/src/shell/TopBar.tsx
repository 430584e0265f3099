import { useProblems } from "@/canvas/Problems";
import { closeTab } from "@/commands/closing";
import { command } from "@/commands/commands";
import { newTab } from "@/commands/files";
import { useKeys } from "@/commands/keys";
import { nextProblem } from "@/commands/problems";
import { useTerm } from "@/language/terms";
import { useText } from "@/language/text";
import { countOf, planWord, shortMemoryOf, shortTimeOf } from "@/run/plan";
import { cancel, run } from "@/run/submit";
import { Icon } from "@/shell/Icon";
import { Tool } from "@/shell/Tool";
import { usePanels } from "@/state/panels";
import { openJobs, useRun, useRuns } from "@/state/runs";
import { useServer } from "@/state/server";
import { useSettings } from "@/state/settings";
import { isDirty, type Tab, useTabs } from "@/state/tabs";

export function nameOf(tab: Tab, untitled: string): string {
  return tab.log.document.name ?? tab.path?.replace(/\.\w+$/, "") ?? untitled;
}

function Mark() {
  return (
    <svg className="mark" viewBox="0 0 20 20" aria-hidden="true">
      <path d="M5 5.5c7 0 3 9 10 9" />
      <circle cx="4.5" cy="5.5" r="2.7" />
      <circle cx="15.5" cy="14.5" r="2.7" />
    </svg>
  );
}

const intoSight = (tab: HTMLElement | null) =>
  tab?.scrollIntoView({ block: "nearest", inline: "nearest" });

/** Tabs, views, and the run button with what will run. */
export function TopBar({ inert }: { inert: boolean }) {
  const t = useText();
  const term = useTerm();
  const keysFor = useKeys();
  const { tabs, active, asked, show, look } = useTabs();
  const tab = tabs.find(({ id }) => id === active);
  const views = [
    ["form", t.form, "form"],
    ["graph", t.graph, "nodes"],
  ] as const;
  return (
    <header className="bar-top" inert={inert}>
      <Mark />
      <nav className="tabs" aria-label={t.workflows}>
        {tabs.map((one) => (
          <div
            className={one.id === active ? "tab on" : "tab"}
            key={one.id}
            ref={one.id === active ? intoSight : null}
          >
            <button
              type="button"
              className="tab-name"
              aria-current={one.id === active}
              title={t.tabHint}
              onClick={() => show(one.id)}
              onDoubleClick={() => command("name-workflow")?.run()}
            >
              {term(nameOf(one, t.untitled))}
              {isDirty(one) && <i className="dirty" title="●" />}
            </button>
            <button
              type="button"
              className="tab-close"
              aria-label={`${t.closeTab}: ${term(nameOf(one, t.untitled))}`}
              title={t.closeTab}
              onClick={() => closeTab(one.id)}
            >
              <Icon name="close" />
            </button>
          </div>
        ))}
        <Tool icon="plus" label={t.newTab} keys={keysFor("new")} onClick={newTab} />
      </nav>
      <div className="switcher" role="group" aria-label={`${t.form} / ${t.graph}`}>
        {views.map(([view, name, icon]) => (
          <button
            type="button"
            key={view}
            aria-pressed={(tab?.view ?? asked) === view}
            aria-label={name}
            onClick={() => look(view)}
          >
            <Icon name={icon} />
            <span>{name}</span>
          </button>
        ))}
      </div>
      <RunGroup />
    </header>
  );
}

function RunGroup() {
  const t = useText();
  const keysFor = useKeys();
  const tab = useTabs(({ active }) => active);
  const { plan } = useRun(tab);
  const waiting = useRuns(({ jobs }) => openJobs(jobs).length);
  const problems = useProblems();
  const paused = useServer((state) => state.paused);
  const { runOnChange: auto, set } = useSettings();
  const { runs, all } = countOf(plan);
  const word = plan ? planWord(t, plan) : t.run;
  const time = plan && shortTimeOf(plan);
  const memory = plan && shortMemoryOf(plan);
  return (
    <div className="run-group">
      {plan && (
        <span className="plan-line quiet" title={word}>
          {runs === 0 ? t.planNone : t.planSome(runs, all)}
          {time && runs > 0 && ` · ${time}`}
          {memory !== undefined && runs > 0 && ` · ${memory}`}
        </span>
      )}
      {problems.length > 0 && (
        <button
          type="button"
          className="plan-line problems-line"
          title={`${t.nextProblem}  ${keysFor("next-problem") ?? ""}`}
          onClick={nextProblem}
        >
          <Icon name="warn" />
          {t.problems(problems.length)}
        </button>
      )}
      <Tool
        icon="bolt"
        label={t.runOnChange}
        pressed={auto}
        onClick={() => set({ runOnChange: !auto })}
      />
      {waiting > 0 && (
        <Tool icon="stop" label={t.cancel} keys={keysFor("cancel")} onClick={() => void cancel()} />
      )}
      <button
        type="button"
        className="button queue-count"
        aria-label={`${t.queue}: ${waiting}`}
        title={paused ? t.paused : `${t.queue}  ${keysFor("queue") ?? ""}`}
        onClick={() => usePanels.getState().toggle("queue")}
      >
        <Icon name={paused ? "pause" : "queue"} />
        {waiting}
      </button>
      <button
        type="button"
        className="button primary"
        title={`${word}  ${keysFor("run") ?? ""}`}
        onClick={() => void run()}
      >
        <Icon name="play" />
        {t.run}
      </button>
      <Tool
        icon="command"
        label={t.palette}
        keys={keysFor("palette")}
        onClick={() => command("palette")?.run()}
      />
      <Tool
        icon="settings"
        label={t.settings}
        keys={keysFor("settings")}
        onClick={() => command("settings")?.run()}
      />
    </div>
  );
}
