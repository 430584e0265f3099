import type { Node, NodeProps } from "@xyflow/react";
import { diffWordsWithSpace } from "diff";
import { memo } from "react";
import { Port } from "@/canvas/Port";
import type { DrawnNode, DrawnPort, DrawnValue } from "@/diff/sheet";
import { keyWord, SIGNS, shown } from "@/diff/words";
import type { Sign } from "@/document/difference";
import { useTerm } from "@/language/terms";
import { useText } from "@/language/text";

/** `brief`: only the name, for what did not change among many. */
export type DiffNodeType = Node<{ drawn: DrawnNode; brief: boolean; here: boolean }, "diff">;

/** A node of two documents with what differs between them; nothing on it can be changed. */
export const DiffNode = memo(function DiffNode({ data }: NodeProps<DiffNodeType>) {
  const t = useText();
  const term = useTerm();
  const { drawn, brief, here } = data;
  const { sign, title, kind, kindBefore, was } = drawn;
  const name = title === "inputs" || title === "outputs" ? t[title] : title;
  const marks = ["node diff-node", sign ?? "same", here && "selected"].filter(Boolean).join(" ");
  const plain = (words: string) => words.toLowerCase().replace(/\W/g, "");
  return (
    <article className={marks} style={{ width: drawn.width }}>
      <header className="node-head">
        {sign && <SignMark sign={sign} />}
        {was !== undefined && <del>{was}</del>}
        <strong>{name}</strong>
        {kindBefore !== undefined && <del>{term(kindBefore)}</del>}
        {(kindBefore !== undefined || plain(kind) !== plain(name)) && <span>{term(kind)}</span>}
        {sign && <em>{t[sign]}</em>}
      </header>
      {brief ? <Folded drawn={drawn} /> : <Body drawn={drawn} />}
    </article>
  );
});

export function SignMark({ sign }: { sign: Sign }) {
  return (
    <b className={`sign ${sign}`} aria-hidden="true">
      {SIGNS[sign]}
    </b>
  );
}

function Folded({ drawn }: { drawn: DrawnNode }) {
  const taken = [...drawn.inputs, ...drawn.values.filter(({ linked }) => linked)];
  return (
    <div className="folded">
      {taken.map(({ name, type }) => (
        <Port key={name} name={name} type={type} side="in" />
      ))}
      {drawn.outputs.map(({ name, type }) => (
        <Port key={name} name={name} type={type} side="out" />
      ))}
    </div>
  );
}

function Body({ drawn: { inputs, outputs, values } }: { drawn: DrawnNode }) {
  const count = Math.max(inputs.length, outputs.length);
  return (
    <div className="node-body">
      {Array.from({ length: count }, (_, index) => (
        <div className="row ports" key={index}>
          <PortRow port={inputs[index]} side="in" />
          <PortRow port={outputs[index]} side="out" />
        </div>
      ))}
      {values.map((value) => (
        <ValueRow key={value.name} value={value} />
      ))}
    </div>
  );
}

function PortRow({ port, side }: { port: DrawnPort | undefined; side: "in" | "out" }) {
  if (!port) return null;
  const { name, type, sign } = port;
  return (
    <>
      <Port name={name} type={type} side={side} />
      <span className={[side, sign].filter(Boolean).join(" ")}>
        {sign && <SignMark sign={sign} />}
        {name}
      </span>
    </>
  );
}

function ValueRow({ value }: { value: DrawnValue }) {
  const t = useText();
  const { name, type, linked, sign, before, after } = value;
  const long = [before, after].some((one) => shown(one).length > 24 && one !== undefined);
  return (
    <div className={["row", sign, long && "tall"].filter(Boolean).join(" ")}>
      {linked && <Port name={name} type={type} side="in" />}
      <span className="diff-key">
        {sign && <SignMark sign={sign} />}
        {keyWord(t, name)}
      </span>
      {sign ? <Changed {...value} /> : <span className="diff-value">{shown(after ?? before)}</span>}
    </div>
  );
}

/** The old value and the new; of two texts, the words that differ. */
export function Changed({ before, after }: Pick<DrawnValue, "before" | "after">) {
  if (typeof before === "string" && typeof after === "string" && before && after) {
    const parts = diffWordsWithSpace(before, after);
    if (parts.some(({ added, removed }) => !added && !removed))
      return (
        <span className="diff-value">
          {parts.map(({ value, added, removed }, index) => {
            const Tag = added ? "ins" : removed ? "del" : "span";
            return <Tag key={index}>{value}</Tag>;
          })}
        </span>
      );
  }
  return (
    <span className="diff-value">
      {before !== undefined && <del>{shown(before)}</del>}
      {before !== undefined && after !== undefined && " → "}
      {after !== undefined && <ins>{shown(after)}</ins>}
    </span>
  );
}
