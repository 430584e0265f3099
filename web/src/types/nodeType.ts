/** Node types as the server describes them. */

import type { Json } from "@/document/workflow";

export type InputType = {
  name: string;
  /** The name in the page's language, where that is another. */
  label?: string;
  type: string;
  required: boolean;
  default?: Json;
  optional: boolean;
  lazy?: boolean;
  description: string;
  min?: number;
  max?: number;
  step?: number;
  choices?: string[];
  multiline: boolean;
  seed: boolean;
  /** An INT is red * 65536 + green * 256 + blue, a STRING `#rrggbb`. */
  colour: boolean;
  model_kind?: string;
  input_file: boolean;
  /** A plugin has the widget of its type. */
  framed?: boolean;
  literal: boolean;
};

export type OutputType = { name: string; label?: string; type: string };

export type NodeType = {
  id: string;
  display_name: string;
  category: string;
  version: number;
  description: string;
  output: boolean;
  pure?: boolean;
  deprecated?: boolean;
  experimental?: boolean;
  plugin: string;
  inputs: InputType[];
  outputs: OutputType[];
};

export type NodeTypes = {
  digest: string;
  nodes: NodeType[];
  types: { [wire: string]: { colour: string; widget?: string; preview?: string } };
  accepts: [string, string][];
  aliases: { [alias: string]: string };
};

export type TypeTable = {
  byId: ReadonlyMap<string, NodeType>;
  colours: ReadonlyMap<string, string>;
  /** Modules of plugins, `plugin/file.js`, by port type. */
  widgets: ReadonlyMap<string, string>;
  previews: ReadonlyMap<string, string>;
  accepts: readonly (readonly [string, string])[];
  aliases: ReadonlyMap<string, string>;
};

export const NO_TYPES: TypeTable = {
  byId: new Map(),
  colours: new Map(),
  widgets: new Map(),
  previews: new Map(),
  accepts: [],
  aliases: new Map(),
};

function framed(type: NodeType, widgets: ReadonlyMap<string, string>): NodeType {
  if (!type.inputs.some((input) => widgets.has(input.type))) return type;
  const inputs = type.inputs.map((input) =>
    widgets.has(input.type) ? { ...input, framed: true } : input,
  );
  return { ...type, inputs };
}

export function typeTable(types: NodeTypes): TypeTable {
  const widgets = modulesOf(types, "widget");
  return {
    byId: new Map(types.nodes.map((type) => [type.id, framed(type, widgets)])),
    widgets,
    previews: modulesOf(types, "preview"),
    colours: new Map(Object.entries(types.types).map(([name, { colour }]) => [name, colour])),
    accepts: types.accepts,
    aliases: new Map(Object.entries(types.aliases ?? {})),
  };
}

/** The same types, told in other words. */
export function described(
  table: TypeTable,
  told: (english: string) => string,
  named: (port: string) => string | undefined,
): TypeTable {
  const labelled = <Port extends OutputType>(port: Port): Port => {
    const label = named(port.name);
    return label === undefined ? port : { ...port, label };
  };
  const inWords = (type: NodeType): NodeType => ({
    ...type,
    description: told(type.description),
    inputs: type.inputs.map((input) =>
      labelled({ ...input, description: told(input.description) }),
    ),
    outputs: type.outputs.map(labelled),
  });
  return { ...table, byId: new Map([...table.byId].map(([id, type]) => [id, inWords(type)])) };
}

function modulesOf(types: NodeTypes, use: "widget" | "preview"): Map<string, string> {
  return new Map(
    Object.entries(types.types).flatMap(([name, { [use]: module }]) =>
      module === undefined ? [] : [[name, module] as const],
    ),
  );
}

/** What a port is called on the page. */
export function labelOf({ name, label }: Pick<OutputType, "name" | "label">): string {
  return label ?? name;
}

/** What an input is for, behind its name where the page calls it otherwise. */
export function tipOf({ name, label, description }: InputType): string {
  return [label && name, description].filter(Boolean).join(": ");
}

/** The first sentence of a docstring. */
export function summary(description: string): string {
  return description.split("\n")[0] ?? "";
}

/** The name of the output that a reference without a name, or with a number, means. */
export function outputOf(outputs: readonly OutputType[], output: string | undefined): string {
  if (output === undefined) return outputs[0]?.name ?? "";
  return outputs[Number(output)]?.name ?? output;
}
