/** Names and texts that come from the server, in the page's language where they are known in it. */

import { useCallback } from "react";
import { create } from "zustand";
import { useSettings } from "@/state/settings";

type Terms = { readonly [english: string]: string };
type Term = (english: string) => string;

const useTerms = create<{ zh: Terms }>()(() => ({ zh: {} }));
const NONE: Terms = {};

/** Chinese comes when it is first needed. */
function load(language: string): void {
  if (language !== "zh" || Object.keys(useTerms.getState().zh).length > 0) return;
  void Promise.all([import("@/language/terms.zh"), import("@/language/docs.zh.json")]).then(
    ([{ terms }, { default: docs }]) => useTerms.setState({ zh: { ...docs, ...terms } }),
  );
}

load(useSettings.getState().language);
useSettings.subscribe(({ language }) => load(language));

/** A name in the page's language, or as it is; `a/b` by its parts. */
export function useTerm(): Term {
  const chinese = useSettings(({ language }) => language === "zh");
  const terms = useTerms(({ zh }) => (chinese ? zh : NONE));
  return useCallback(
    (english) =>
      terms[english] ??
      english
        .split("/")
        .map((part) => terms[part] ?? part)
        .join("/"),
    [terms],
  );
}

/** A text in the page's language, or as it is. */
export function told(english: string): string {
  const chinese = useSettings.getState().language === "zh";
  return (chinese ? useTerms.getState().zh[english] : undefined) ?? english;
}

/** Calls back when the page has other words than before. */
export function onWords(changed: () => void): void {
  useTerms.subscribe(changed);
  useSettings.subscribe((now, before) => {
    if (now.language !== before.language) changed();
  });
}
