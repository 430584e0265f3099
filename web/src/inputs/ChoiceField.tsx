import { useCallback, useMemo, useState } from "react";
import { ModelPicker } from "@/inputs/ModelPicker";
import { Picker } from "@/inputs/Picker";
import { Icon } from "@/shell/Icon";

type Props = {
  value: string;
  choices: readonly string[];
  label: string;
  /** The kind of models that the choices are. */
  kind?: string | undefined;
  onChange(value: string): void;
};

/** One of several values, with search; a value that is not among them is marked. */
export function ChoiceField({ value, choices, label, kind, onChange }: Props) {
  const [at, setAt] = useState<{ x: number; y: number }>();
  const close = useCallback(() => setAt(undefined), []);
  const options = useMemo(() => choices.map((id) => ({ id, label: id })), [choices]);
  const current =
    choices.find((name) => name === value) ??
    choices.find((name) => name.replace(/\.\w+$/, "") === value);
  const unknown = current === undefined;
  const picker = at && {
    at,
    label,
    current,
    onClose: close,
    onPick: (id: string) => {
      onChange(id);
      close();
    },
  };
  return (
    <>
      <button
        type="button"
        className={unknown ? "field choice unknown nodrag" : "field choice nodrag"}
        aria-label={`${label}: ${value}`}
        aria-haspopup="listbox"
        onClick={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          setAt({ x: box.left, y: box.bottom + 4 });
        }}
      >
        <span>{value || "—"}</span>
        <Icon name={unknown ? "warn" : "chevron"} />
      </button>
      {picker && kind !== undefined && <ModelPicker {...picker} kind={kind} choices={choices} />}
      {picker && kind === undefined && <Picker {...picker} options={options} />}
    </>
  );
}
