import { useMemo } from "react";
import { modelPicture } from "@/api/client";
import { Picker } from "@/inputs/Picker";
import { useText } from "@/language/text";
import { useLooks } from "@/state/models";
import { nodeType } from "@/state/server";
import { useDocument } from "@/state/tabs";
import { familiesOf, modelOptions, shortName, WHOLE, wholeModels } from "@/types/families";

type Props = Omit<React.ComponentProps<typeof Picker>, "options"> & {
  kind: string;
  choices: readonly string[];
};

/** Models of a kind with their families and pictures; those that do not fit the workflow's fade. */
export function ModelPicker({ kind, choices, ...rest }: Props) {
  const t = useText();
  const document = useDocument();
  const chosen = useMemo(
    () => (WHOLE.has(kind) ? [] : wholeModels(document, nodeType)),
    [document, kind],
  );
  const looks = useLooks([kind, ...chosen.map((model) => model.kind)]);
  const wanted = useMemo(() => familiesOf(chosen, looks), [chosen, looks]);
  const options = useMemo(
    () => modelOptions(choices, looks[kind] ?? [], wanted, ({ name }) => modelPicture(kind, name)),
    [choices, looks, kind, wanted],
  );
  return (
    <Picker
      {...rest}
      wide
      none={t.noFiles(`models/${kind}`)}
      options={options}
      unfit={t.otherFamily([...wanted].map(shortName).join(", "))}
    />
  );
}
