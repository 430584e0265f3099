import type { Problem } from "@/api/shapes";
import { mendsOf } from "@/document/mend";
import { useMessage } from "@/language/terms";
import { useText } from "@/language/text";
import { Icon } from "@/shell/Icon";
import { useServer } from "@/state/server";
import { act, runName, useTabs } from "@/state/tabs";

const NONE: Problem[] = [];

/** What is wrong with the active document, as the server said last. */
export function useProblems(): Problem[] {
  const tab = useTabs(({ active }) => active);
  return useServer(({ problems }) => problems[tab] ?? NONE);
}

/** What is wrong with a node, each with the nearest valid choices as buttons that set them. */
export function Problems({ node }: { node: string }) {
  const name = useTabs((state) => runName(node, state));
  const mine = useProblems().filter((problem) => problem.node === name);
  return <ProblemList problems={mine} />;
}

/** Problems one below the other; `named` tells the node as well. */
export function ProblemList({
  problems,
  named,
}: {
  problems: readonly Problem[];
  named?: boolean;
}) {
  const t = useText();
  const inWords = useMessage();
  if (problems.length === 0) return null;
  return (
    <ul className="node-problems">
      {problems.map((problem) => {
        const mends = mendsOf(problem);
        const place = [named && problem.node, problem.input].filter(Boolean).join(".");
        return (
          <li key={`${problem.node}${problem.input}${problem.message}`}>
            <Icon name="warn" />
            <span>
              {place && <b>{place}: </b>}
              {inWords(problem.message)}
              {mends.length === 0 && problem.expected && (
                <small>{t.expected(inWords(problem.expected))}</small>
              )}
              {problem.hint && <small>{inWords(problem.hint)}</small>}
              {mends.length > 0 && (
                <small>
                  {t.didYouMean}{" "}
                  {mends.map(({ choice, edit }) => (
                    <button type="button" className="nodrag" key={choice} onClick={() => act(edit)}>
                      {choice}
                    </button>
                  ))}
                </small>
              )}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
