import { useText } from "@/language/text";
import type { IconName } from "@/shell/Icon";
import { Tool } from "@/shell/Tool";
import { type Panel, usePanels } from "@/state/panels";

const ITEMS: [Panel, IconName, string][] = [
  ["workflows", "folder", "W"],
  ["nodes", "nodes", "N"],
  ["results", "image", "G"],
  ["queue", "queue", "Q"],
  ["history", "clock", "H"],
  ["text", "text", "Y"],
];

/** The panels, one key each. */
export function Rail() {
  const t = useText();
  const { panel, toggle } = usePanels();
  return (
    <nav className="rail" aria-label={t.menu}>
      {ITEMS.map(([name, icon, keys]) => (
        <Tool
          key={name}
          icon={icon}
          label={t[name]}
          keys={keys}
          pressed={panel === name}
          onClick={() => toggle(name)}
        />
      ))}
    </nav>
  );
}
