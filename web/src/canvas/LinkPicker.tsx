import { useMemo } from "react";
import { linkablesOf } from "@/canvas/linkables";
import { selectedNodes } from "@/canvas/selection";
import { Picker } from "@/inputs/Picker";
import { useText } from "@/language/text";
import { closeDialog } from "@/shell/Dialog";

/** Draws and cuts links of the selected node by the names of their ends. */
export function LinkPicker() {
  const t = useText();
  const node = selectedNodes()[0] ?? "";
  const links = useMemo(() => linkablesOf(node), [node]);
  const options = links.map(({ port, other, side, linked, free }, index) => ({
    id: String(index),
    label: side === "out" ? `${port} → ${other}` : `${port} ← ${other}`,
    ...(linked ? { hint: t.cutLink } : free ? {} : { hint: t.linkReplaces }),
  }));
  return (
    <Picker
      options={options}
      at={{ x: innerWidth / 2 - 210, y: 80 }}
      label={t.linksOf(node)}
      wide
      onClose={closeDialog}
      onPick={(id) => {
        closeDialog();
        links[Number(id)]?.act();
      }}
    />
  );
}
