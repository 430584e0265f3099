import { useKeys } from "@/commands/keys";
import { useText } from "@/language/text";
import type { IconName } from "@/shell/Icon";
import { Tool } from "@/shell/Tool";
import { type Panel, usePanels } from "@/state/panels";

const ITEMS: [Panel, IconName][] = [
  ["workflows", "folder"],
  ["nodes", "nodes"],
  ["models", "box"],
  ["results", "image"],
  ["queue", "queue"],
  ["history", "clock"],
  ["text", "text"],
];

/** The panels, one key each. */
export function Rail() {
  const t = useText();
  const keysFor = useKeys();
  const { panel, toggle } = usePanels();
  return (
    <nav className="rail" aria-label={t.menu}>
      {ITEMS.map(([name, icon]) => (
        <Tool
          key={name}
          icon={icon}
          label={t[name]}
          keys={keysFor(name)}
          pressed={panel === name}
          onClick={() => toggle(name)}
        />
      ))}
    </nav>
  );
}
