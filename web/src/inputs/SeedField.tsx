import { useCallback, useState } from "react";
import { NumberField } from "@/inputs/NumberField";
import { Picker } from "@/inputs/Picker";
import { useText } from "@/language/text";
import { seedKey } from "@/run/seeds";
import { Icon, type IconName } from "@/shell/Icon";
import { type SeedAfterRun, useSettings } from "@/state/settings";
import { useScope, useTabs } from "@/state/tabs";
import { digitsOf, nextSeed } from "@/text/seeds";
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

const NONE: readonly string[] = [];

/** A seed, a die, what becomes of it after each run, and those that were used. */
export function SeedField({ spec, node, value, label, onChange, onDone }: Props) {
  const t = useText();
  const tab = useTabs(({ active }) => active);
  const key = seedKey(tab, useScope(), node, spec.name);
  const after = useSettings(({ seeds }) => seeds[key] ?? "fixed");
  const used = useSettings(({ usedSeeds }) => usedSeeds[key] ?? NONE);
  const [at, setAt] = useState<{ x: number; y: number }>();
  const close = useCallback(() => setAt(undefined), []);
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
      {used.some((seed) => seed !== String(value)) && (
        <button
          type="button"
          className="mini nodrag"
          title={t.usedSeeds}
          aria-label={`${label}: ${t.usedSeeds}`}
          aria-haspopup="listbox"
          onClick={(event) => {
            const box = event.currentTarget.getBoundingClientRect();
            setAt({ x: box.left, y: box.bottom + 4 });
          }}
        >
          <Icon name="clock" />
        </button>
      )}
      {at && (
        <Picker
          at={at}
          label={t.usedSeeds}
          options={used.map((id) => ({ id, label: id }))}
          current={String(value)}
          onClose={close}
          onPick={(id) => {
            onChange(digitsOf(id, {}) ?? Number(id));
            onDone();
            close();
          }}
        />
      )}
    </span>
  );
}
