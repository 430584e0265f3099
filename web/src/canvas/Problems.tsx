import type { Problem } from "@/api/shapes";
import { setInput } from "@/document/edit";
import { useText } from "@/language/text";
import { Icon } from "@/shell/Icon";
import { useServer } from "@/state/server";
import { act, useTabs } from "@/state/tabs";

const NONE: Problem[] = [];

/** What is wrong with a node, each with the nearest valid choices as buttons that set them. */
export function Problems({ node }: { node: string }) {
  const t = useText();
  const tab = useTabs(({ active }) => active);
  const all = useServer(({ problems }) => problems[tab] ?? NONE);
  const mine = all.filter((problem) => problem.node === node);
  if (mine.length === 0) return null;
  return (
    <ul className="node-problems">
      {mine.map((problem) => (
        <li key={`${problem.input}${problem.message}`}>
          <Icon name="warn" />
          <span>
            {problem.input && <b>{problem.input}: </b>}
            {problem.message}
            {problem.hint && <small>{problem.hint}</small>}
            {problem.input && problem.nearest && problem.nearest.length > 0 && (
              <small>
                {t.didYouMean}{" "}
                {problem.nearest.map((value) => (
                  <button
                    type="button"
                    className="nodrag"
                    key={value}
                    onClick={() =>
                      act((d, scope) => setInput(d, scope, node, problem.input as string, value))
                    }
                  >
                    {value}
                  </button>
                ))}
              </small>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
