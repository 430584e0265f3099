import { NumberField } from "@/inputs/NumberField";
import { useText } from "@/language/text";
import { Icon, type IconName } from "@/shell/Icon";
import { type SeedAfterRun, useSettings } from "@/state/settings";
import { useTabs } from "@/state/tabs";
import { nextSeed } from "@/text/seeds";
import type { InputType } from "@/types/nodeType";

type Props = {
  spec: InputType;
  node: string;
  value: number | string;
  label: string;
  onChange(value: number | string): void;
  onDone(): void;
};

const ORDER: SeedAfterRun[] = ["fixed", "randomize", "increment", "decrement"];
const ICONS: Record<SeedAfterRun, IconName> = {
  fixed: "lock",
  randomize: "reuse",
  increment: "plus",
  decrement: "down",
};

/** A seed, a die, and what becomes of it after each run. */
export function SeedField({ spec, node, value, label, onChange, onDone }: Props) {
  const t = useText();
  const tab = useTabs(({ active }) => active);
  const key = `${tab}/${node}.${spec.name}`;
  const after = useSettings(({ seeds }) => seeds[key] ?? "fixed");
  const next = ORDER[(ORDER.indexOf(after) + 1) % ORDER.length] ?? "fixed";
  return (
    <span className="seed">
      <NumberField spec={spec} value={value} label={label} onChange={onChange} onDone={onDone} />
      <button
        type="button"
        className="mini nodrag"
        title={t.dice}
        aria-label={`${label}: ${t.dice}`}
        onClick={() => {
          onChange(nextSeed(0, "randomize"));
          onDone();
        }}
      >
        <Icon name="dice" />
      </button>
      <button
        type="button"
        className="mini nodrag"
        title={t[after]}
        aria-label={`${label}: ${t[after]}`}
        onClick={() => {
          const { seeds, set } = useSettings.getState();
          set({ seeds: { ...seeds, [key]: next } });
        }}
      >
        <Icon name={ICONS[after]} />
      </button>
    </span>
  );
}
