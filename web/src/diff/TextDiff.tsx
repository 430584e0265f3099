import { useEffect, useMemo, useRef, useState } from "react";
import { type Block, blocksOf, folded, type Row, type Side } from "@/diff/lines";
import type { Workflow } from "@/document/workflow";
import { writeYaml } from "@/document/yaml";
import { useText } from "@/language/text";
import { takesWhole } from "@/state/server";

type Props = {
  before: Workflow;
  after: Workflow;
  names: readonly [string, string];
  beside: boolean;
  /** Which stretch of changes is looked at; `onCount` is told how many there are. */
  at: number;
  onCount(count: number): void;
};

/** Two documents as YAML, beside each other or one through the other; places are left out. */
export default function TextDiff({ before, after, names, beside, at, onCount }: Props) {
  const t = useText();
  const blocks = useMemo(() => blocksOf(yamlOf(before), yamlOf(after)), [before, after]);
  const table = useRef<HTMLTableElement>(null);
  const count = blocks.filter(({ alike }) => !alike).length;
  useEffect(() => onCount(count), [count, onCount]);
  useEffect(() => {
    const stretch = table.current?.querySelectorAll("tbody.changed")[at];
    if (!stretch) return;
    // Of what is higher than the frame the beginning is wanted.
    const fits = stretch.getBoundingClientRect().height < innerHeight / 2;
    stretch.scrollIntoView({ block: fits ? "center" : "start" });
  }, [at, beside]);
  if (count === 0) return <p className="quiet">{t.noDifference}</p>;
  let seen = -1;
  return (
    <div className="difference lines">
      <table ref={table} className={beside ? "beside" : "through"}>
        <colgroup>
          <col className="number" />
          <col className={beside ? "" : "number"} />
          <col className={beside ? "number" : ""} />
          <col />
        </colgroup>
        <thead>
          <tr>
            {beside ? (
              names.map((name) => (
                <th key={name} colSpan={2}>
                  {name}
                </th>
              ))
            ) : (
              <th colSpan={4}>{names.join(" → ")}</th>
            )}
          </tr>
        </thead>
        {blocks.map((block, index) => {
          if (block.alike)
            return (
              <Alike
                key={index}
                rows={block.rows}
                first={index === 0}
                last={index === blocks.length - 1}
                beside={beside}
              />
            );
          seen += 1;
          return <Changed key={index} block={block} beside={beside} here={seen === at} />;
        })}
      </table>
    </div>
  );
}

function yamlOf({ layout: _, subgraphs, ...rest }: Workflow): string {
  const inner = Object.entries(subgraphs ?? {}).map(([id, { layout: _, ...graph }]) => [id, graph]);
  const document = { ...rest, ...(subgraphs ? { subgraphs: Object.fromEntries(inner) } : {}) };
  return writeYaml(document, takesWhole(document));
}

type AlikeProps = { rows: readonly Row[]; first: boolean; last: boolean; beside: boolean };

/** Lines that both have; those far from any change are folded away. */
function Alike({ rows, first, last, beside }: AlikeProps) {
  const t = useText();
  const [open, setOpen] = useState(false);
  const [from, to] = open ? [rows.length, rows.length] : folded(rows, first, last);
  return (
    <tbody>
      {rows.slice(0, from).map((row, index) => (
        <Line key={index} row={row} beside={beside} />
      ))}
      {to > from && (
        <tr className="fold">
          <td colSpan={4}>
            <button type="button" onClick={() => setOpen(true)}>
              {t.linesAlike(to - from)}
            </button>
          </td>
        </tr>
      )}
      {rows.slice(to).map((row, index) => (
        <Line key={to + index} row={row} beside={beside} />
      ))}
    </tbody>
  );
}

function Changed({ block, beside, here }: { block: Block; beside: boolean; here: boolean }) {
  const { rows } = block;
  const lines = beside
    ? rows
    : [
        ...rows.flatMap(({ before }): Row[] => (before ? [{ before }] : [])),
        ...rows.flatMap(({ after }): Row[] => (after ? [{ after }] : [])),
      ];
  return (
    <tbody className={here ? "changed here" : "changed"}>
      {lines.map((row, index) => (
        <Line key={index} row={row} beside={beside} changed />
      ))}
    </tbody>
  );
}

/** Beside each other a row is two lines; one through the other it is one, with the numbers of both. */
function Line({ row, beside, changed }: { row: Row; beside: boolean; changed?: boolean }) {
  const { before, after } = row;
  const old = <Text side={before} sign={changed ? "removed" : undefined} />;
  const now = <Text side={after} sign={changed ? "added" : undefined} />;
  if (beside)
    return (
      <tr>
        <td className="number">{before?.number}</td>
        <td>{old}</td>
        <td className="number">{after?.number}</td>
        <td>{now}</td>
      </tr>
    );
  return (
    <tr>
      <td className="number">{before?.number}</td>
      <td className="number">{after?.number}</td>
      <td colSpan={2}>{after ? now : old}</td>
    </tr>
  );
}

function Text({ side, sign }: { side: Side | undefined; sign: "added" | "removed" | undefined }) {
  if (!side) return null;
  const Tag = sign === "added" ? "ins" : sign === "removed" ? "del" : "span";
  const mark = sign === "added" ? "+ " : sign === "removed" ? "− " : "  ";
  return (
    <Tag>
      {mark}
      {side.stretches.map(({ text, fresh }, index) =>
        fresh ? <mark key={index}>{text}</mark> : text,
      )}
    </Tag>
  );
}
