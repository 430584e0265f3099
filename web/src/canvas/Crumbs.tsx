import { useText } from "@/language/text";
import { activeTab, useTabs } from "@/state/tabs";

const NONE: readonly string[] = [];

/** The way from the workflow into the subgraph that is shown. */
export function Crumbs() {
  const t = useText();
  const { active, change } = useTabs();
  const trail = useTabs((state) => activeTab(state)?.trail ?? NONE);
  if (trail.length === 0) return null;
  return (
    <nav className="crumbs" aria-label={t.place}>
      {[t.wholeWorkflow, ...trail].map((name, depth) => (
        <button
          type="button"
          key={depth}
          aria-current={depth === trail.length ? "page" : undefined}
          onClick={() => change(active, { trail: trail.slice(0, depth) })}
        >
          {name}
        </button>
      ))}
    </nav>
  );
}
