import { useEffect, useState } from "react";
import { compareWith, type Source, sources } from "@/commands/compare";
import { Picker } from "@/inputs/Picker";
import { useText } from "@/language/text";
import { closeDialog } from "@/shell/Dialog";
import { say } from "@/state/panels";

/** A list of all that the active document can be compared with. */
export default function CompareWith() {
  const t = useText();
  const [found, setFound] = useState<Source[]>();
  useEffect(() => {
    void sources().then(setFound, (error: Error) => say(error.message));
  }, []);
  if (!found) return null;
  return (
    <Picker
      options={found.map(({ id, label, detail }) => ({ id, label, detail }))}
      at={{ x: innerWidth / 2 - 210, y: 80 }}
      label={t.compareDocument}
      wide
      onClose={closeDialog}
      onPick={(id) => {
        closeDialog();
        const source = found.find((one) => one.id === id);
        if (source) void compareWith(source);
      }}
    />
  );
}
