import { Suspense } from "react";
import { later } from "@/api/parts";
import { setInput } from "@/document/edit";
import { literalOf, writeLiteral } from "@/document/reference";
import type { Json } from "@/document/workflow";
import { ChoiceField } from "@/inputs/ChoiceField";
import { ColourField } from "@/inputs/ColourField";
import { NumberField } from "@/inputs/NumberField";
import { PictureField } from "@/inputs/PictureField";
import { PromptField } from "@/inputs/PromptField";
import { SeedField } from "@/inputs/SeedField";
import { useServer } from "@/state/server";
import { act, useTabs } from "@/state/tabs";
import type { InputType } from "@/types/nodeType";

const PluginFrame = later(() => import("@/plugins/PluginFrame"));

type Props = {
  node: string;
  spec: InputType;
  value: Json | undefined;
  label?: string;
  rows?: number;
};

/** The widget of an input, by what its type says. */
export function Field({ node, spec, value, label = spec.name, rows }: Props) {
  const change = (next: Json) =>
    act((document, scope) => setInput(document, scope, node, spec.name, writeLiteral(next)));
  const done = () => useTabs.getState().seal();
  const whole = (next: Json) => {
    change(next);
    done();
  };
  const now = literalOf(value) ?? spec.default ?? null;
  const module = useServer(({ types }) => types.widgets.get(spec.type));
  if (module)
    return (
      <Suspense>
        <PluginFrame
          module={module}
          label={label}
          show={{
            value: now,
            input: { name: spec.name, type: spec.type, description: spec.description },
          }}
          onChange={change}
          onDone={done}
        />
      </Suspense>
    );
  if (spec.input_file)
    return (
      <PictureField
        value={String(now ?? "")}
        choices={spec.choices ?? []}
        label={label}
        onChange={whole}
      />
    );
  if (spec.choices)
    return (
      <ChoiceField
        value={String(now ?? "")}
        choices={spec.choices}
        label={label}
        kind={spec.model_kind}
        onChange={whole}
      />
    );
  if (spec.type === "BOOLEAN")
    return (
      <input
        type="checkbox"
        className="switch nodrag"
        aria-label={label}
        checked={now === true}
        onChange={(event) => whole(event.target.checked)}
      />
    );
  if (spec.seed && (typeof now === "number" || typeof now === "string"))
    return (
      <SeedField
        spec={spec}
        node={node}
        value={now}
        label={label}
        onChange={change}
        onDone={done}
      />
    );
  if (spec.colour)
    return <ColourField value={now ?? 0} label={label} onChange={change} onDone={done} />;
  if (spec.type === "INT" || spec.type === "FLOAT")
    return (
      <NumberField
        spec={spec}
        value={typeof now === "string" ? now : Number(now ?? 0)}
        label={label}
        onChange={change}
        onDone={done}
      />
    );
  if (spec.multiline)
    return (
      <PromptField
        value={String(now ?? "")}
        label={label}
        onChange={change}
        onDone={done}
        {...(rows === undefined ? {} : { rows })}
      />
    );
  return (
    <input
      className="field nodrag"
      aria-label={label}
      value={String(now ?? "")}
      spellCheck={false}
      onChange={(event) => change(event.target.value)}
      onBlur={done}
    />
  );
}
