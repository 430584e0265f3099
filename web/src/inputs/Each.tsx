import { setSlot } from "@/document/edit";
import { literalOf, writeLiteral } from "@/document/reference";
import type { Json } from "@/document/workflow";
import { ListField } from "@/inputs/ListField";
import { act, useTabs } from "@/state/tabs";
import type { InputType } from "@/types/nodeType";

type Props = { node: string; spec: InputType; value: readonly Json[]; label: string };

/** The values of an input that a loop goes over. */
export function Each({ node, spec, value, label }: Props) {
  const path = ["loop", "each", spec.name];
  return (
    <ListField
      spec={spec}
      value={value.map((item) => literalOf(item) ?? item)}
      label={label}
      onChange={(next) => act((d, scope) => setSlot(d, scope, node, path, next.map(writeLiteral)))}
      onDone={() => useTabs.getState().seal()}
    />
  );
}
