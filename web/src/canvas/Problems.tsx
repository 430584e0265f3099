import type { Problem } from "@/api/shapes";
import { mendsOf } from "@/document/mend";
import { follow, graphAt, ROOT } from "@/document/workflow";
import { useMessage } from "@/language/terms";
import { useText } from "@/language/text";
import { Icon } from "@/shell/Icon";
import { typeIn, useServer } from "@/state/server";
import { act, runName, useDocument, useTabs } from "@/state/tabs";
import { labelOf } from "@/types/nodeType";

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

/** The input that a problem is at, as the page calls it; `named` tells the node as well. */
function Where({ problem, named }: { problem: Problem; named: boolean }) {
  const document = useDocument();
  useServer(({ types }) => types);
  const trail = problem.node?.split(":") ?? [];
  const { nodes } = graphAt(document, follow(document, trail.slice(0, -1)).at(-1) ?? ROOT);
  const type = typeIn(document, nodes[trail.at(-1) ?? ""]?.node ?? "");
  const spec = type?.inputs.find(({ name }) => name === problem.input);
  const place = [named && problem.node, spec ? labelOf(spec) : problem.input];
  const said = place.filter(Boolean).join(".");
  return said && <b title={spec?.label && spec.name}>{said}: </b>;
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
        return (
          <li key={`${problem.node}${problem.input}${problem.message}`}>
            <Icon name="warn" />
            <span>
              <Where problem={problem} named={named === true} />
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
