import { useState } from "react";
import type { Json } from "@/document/workflow";
import { readList, writeList } from "@/text/list";
import type { InputType } from "@/types/nodeType";

type Props = {
  spec: Pick<InputType, "type">;
  value: readonly Json[];
  label: string;
  onChange(value: Json[]): void;
  onDone(): void;
};

/** The values a loop goes over, one a line. */
export function ListField({ spec, value, label, onChange, onDone }: Props) {
  const [typed, setTyped] = useState<string>();
  const text = typed ?? writeList(value);
  return (
    <textarea
      className="field text nodrag nowheel nopan"
      aria-label={label}
      rows={Math.min(8, Math.max(2, text.split("\n").length))}
      spellCheck={false}
      value={text}
      onChange={(event) => {
        setTyped(event.target.value);
        onChange(readList(event.target.value, spec));
      }}
      onBlur={() => {
        setTyped(undefined);
        onDone();
      }}
    />
  );
}
