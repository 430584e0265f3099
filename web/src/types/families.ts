/** Families of models, and which models go with those of a workflow. */

import { isMap, type Json, type Workflow } from "@/document/workflow";
import type { Option } from "@/inputs/Picker";
import type { NodeType } from "@/types/nodeType";

/** What is in a model file, as far as its header tells. */
export type Model = {
  name: string;
  families: string[];
  preview: boolean;
  /** Why the file cannot be read; empty where it can. */
  trouble: string;
};

/** Kinds of files that hold the model itself, which all others must fit. */
export const WHOLE: ReadonlySet<string> = new Set(["checkpoints", "diffusion_models", "diffusers"]);

const SHORT: { [family: string]: string } = { REFINER: "Refiner", UPSCALER: "x4 upscaler" };

export const shortName = (family: string): string => SHORT[family] ?? family;

const stem = (name: string) => name.replace(/\.(safetensors|sft|pt|bin|ckpt)$/, "");

/** The model that a value names, with or without the ending of its file. */
export function modelNamed(models: readonly Model[], value: Json | undefined): Model | undefined {
  return (
    models.find(({ name }) => name === value) ?? models.find(({ name }) => stem(name) === value)
  );
}

type Chosen = { kind: string; name: Json | undefined };

/** The models that a workflow loads whole, also within its subgraphs. */
export function wholeModels(
  { nodes, subgraphs }: Workflow,
  typeOf: (id: string) => NodeType | undefined,
): Chosen[] {
  const graphs = [{ nodes }, ...Object.values(subgraphs ?? {})];
  return graphs.flatMap((graph) =>
    Object.values(graph.nodes).flatMap((node) =>
      (typeOf(node.node)?.inputs ?? []).flatMap(({ name, model_kind: kind, default: usual }) =>
        kind !== undefined && WHOLE.has(kind)
          ? [{ kind, name: node[name] ?? (isMap(node.inputs) ? node.inputs[name] : usual) }]
          : [],
      ),
    ),
  );
}

/** The families of a workflow's models; empty where any of them is not known. */
export function familiesOf(
  chosen: readonly Chosen[],
  models: { [kind: string]: readonly Model[] },
): ReadonlySet<string> {
  const found = chosen.map(({ kind, name }) => modelNamed(models[kind] ?? [], name)?.families);
  return new Set(found.every((families) => families?.length) ? found.flatMap((f) => f ?? []) : []);
}

/** Whether a model may go with one of the families; one that does not say may. */
export function fits(families: readonly string[], wanted: ReadonlySet<string>): boolean {
  return families.length === 0 || wanted.size === 0 || families.some((name) => wanted.has(name));
}

/** The names of models with what is known of them; `wanted`: the families of the workflow. */
export function modelOptions(
  choices: readonly string[],
  models: readonly Model[],
  wanted: ReadonlySet<string>,
  pictureOf: (model: Model) => string,
): Option[] {
  const known = new Map(models.map((model) => [model.name, model]));
  const pictures = models.some(({ preview }) => preview);
  return choices.map((id) => {
    const model = known.get(id);
    const marks = (model?.families ?? []).map(shortName);
    return {
      id,
      label: id,
      ...(marks.length > 0 ? { marks, also: marks.join(" ") } : {}),
      ...(pictures ? { picture: model?.preview ? pictureOf(model) : "" } : {}),
      ...(model?.trouble ? { trouble: model.trouble } : {}),
      ...(model && !fits(model.families, wanted) ? { unfit: true } : {}),
    };
  });
}
