import { useEffect, useMemo, useState } from "react";
import { api, modelPicture } from "@/api/client";
import { addAtCentre } from "@/commands/adding";
import { useMessage, useTerm } from "@/language/terms";
import { useText } from "@/language/text";
import { Icon } from "@/shell/Icon";
import { useLooks } from "@/state/models";
import { say } from "@/state/panels";
import { useServer } from "@/state/server";
import { search } from "@/text/fuzzy";
import { rankOf } from "@/types/common";
import { type Model, shortName } from "@/types/families";
import type { NodeType, TypeTable } from "@/types/nodeType";

/** The node type that people load models of a kind with, and its input. */
function loaderOf({ byId }: TypeTable, kind: string): [NodeType, input: string] | undefined {
  const found = [...byId.values()].flatMap((type): [NodeType, string][] => {
    const input = type.inputs.find(({ model_kind }) => model_kind === kind);
    return input ? [[type, input.name]] : [];
  });
  return found.sort(([a], [b]) => rankOf(b, {}) - rankOf(a, {}))[0];
}

/** All model files by kind; one that is picked comes with the node that loads it. */
export function ModelsPanel() {
  const t = useText();
  const term = useTerm();
  const message = useMessage();
  const [query, setQuery] = useState("");
  const [kinds, setKinds] = useState<string[]>();
  const types = useServer((state) => state.types);
  useEffect(() => {
    void api.modelKinds().then(
      (answer) => setKinds(Object.keys(answer.kinds)),
      (error: Error) => say(error.message),
    );
  }, [types]);
  const looks = useLooks(kinds ?? []);
  const shown = useMemo(
    () =>
      (kinds ?? []).map((kind): [string, Model[]] => [
        kind,
        search(query, looks[kind] ?? [], ({ name, families }) => [
          { text: name, weight: 1 },
          { text: families.join(" "), weight: 0.8 },
        ]),
      ]),
    [kinds, looks, query],
  );
  const none = kinds && shown.every(([, models]) => models.length === 0);

  function add(kind: string, { name }: Model): void {
    const loader = loaderOf(types, kind);
    const choices = loader?.[0].inputs.find((input) => input.name === loader[1])?.choices ?? [];
    const called = choices.find((choice) => choice === name || name.startsWith(`${choice}.`));
    if (loader) addAtCentre(loader[0], { [loader[1]]: called ?? name });
    else say(t.modelNoLoader(kind));
  }

  return (
    <>
      <input
        className="field"
        aria-label={t.search}
        placeholder={t.search}
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      {shown.map(
        ([kind, models]) =>
          models.length > 0 && (
            <section key={kind}>
              <h3>{term(kind)}</h3>
              <ul className="list models">
                {models.map((model) => (
                  <li key={model.name}>
                    <button type="button" onClick={() => add(kind, model)}>
                      {model.preview && (
                        <img src={modelPicture(kind, model.name)} alt="" loading="lazy" />
                      )}
                      <b>{model.name}</b>
                      <small>{model.families.map(shortName).join(", ")}</small>
                      {model.trouble && (
                        <small className="trouble">
                          <Icon name="warn" />
                          {t.unusable(message(model.trouble))}
                        </small>
                      )}
                    </button>
                  </li>
                ))}
              </ul>
            </section>
          ),
      )}
      {none && <p className="quiet">{query ? t.nothingFound : t.modelsEmpty}</p>}
    </>
  );
}
