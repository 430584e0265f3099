/** Names and texts that come from the server, in the page's language where they are known in it. */

import { useCallback } from "react";
import { create } from "zustand";
import { useSettings } from "@/state/settings";

type Terms = { readonly [english: string]: string };
type Term = (english: string) => string;

type Words = { zh: Terms; names: Terms; message: Term };

const useTerms = create<Words>()(() => ({ zh: {}, names: {}, message: asSaid }));
const NONE: Terms = {};

function asSaid(english: string): string {
  return english;
}

/** Chinese comes when it is first needed. */
function load(language: string): void {
  if (language !== "zh" || Object.keys(useTerms.getState().zh).length > 0) return;
  void Promise.all([
    import("@/language/terms.zh"),
    import("@/language/docs.zh.json"),
    import("@/language/names.zh.json"),
    import("@/language/messages"),
    import("@/language/messages.zh.json"),
  ]).then(
    ([{ terms }, { default: docs }, { default: names }, { translator }, { default: messages }]) =>
      useTerms.setState({ zh: { ...docs, ...terms }, names, message: translator(messages) }),
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

/** What the server says of this work, problems and reasons, in the page's language. */
export function useMessage(): Term {
  const chinese = useSettings(({ language }) => language === "zh");
  const message = useTerms((words) => words.message);
  return chinese ? message : asSaid;
}

/** A text in the page's language, or as it is. */
export function told(english: string): string {
  const chinese = useSettings.getState().language === "zh";
  return (chinese ? useTerms.getState().zh[english] : undefined) ?? english;
}

/** What an input or output of that name is called in the page's language, where that is another. */
export function named(port: string): string | undefined {
  return useSettings.getState().language === "zh" ? useTerms.getState().names[port] : undefined;
}

/** Calls back when the page has other words than before. */
export function onWords(changed: () => void): void {
  useTerms.subscribe(changed);
  useSettings.subscribe((now, before) => {
    if (now.language !== before.language) changed();
  });
}
