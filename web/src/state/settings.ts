/** What a person chose for this browser. */

import { create } from "zustand";
import { persist } from "zustand/middleware";

export type Theme = "system" | "light" | "dark";
export type Language = "en" | "zh";
/** Two documents as a graph, or as text: beside each other, or one through the other. */
export type DiffView = "graph" | "beside" | "through";
export type SeedAfterRun = "fixed" | "randomize" | "increment" | "decrement";

type Settings = {
  theme: Theme;
  language: Language;
  dragSelects: boolean;
  /** Two fingers, or the wheel, move the canvas; a pinch, or the wheel with Ctrl, zooms. */
  scrollPans: boolean;
  snap: boolean;
  minimap: boolean;
  runOnChange: boolean;
  diffView: DiffView;
  seeds: { [key: string]: SeedAfterRun };
  /** The seeds of each input that were used last. */
  usedSeeds: { readonly [key: string]: readonly string[] };
  used: { [type: string]: number };
  /** Keys of commands that have others than their own. */
  keys: { readonly [command: string]: readonly string[] };
  set(change: Partial<Settings>): void;
};

const chinese = typeof navigator !== "undefined" && navigator.language.startsWith("zh");

export const useSettings = create<Settings>()(
  persist(
    (set) => ({
      theme: "system",
      language: chinese ? "zh" : "en",
      dragSelects: false,
      scrollPans: false,
      snap: false,
      minimap: true,
      runOnChange: false,
      diffView: "graph",
      seeds: {},
      usedSeeds: {},
      used: {},
      keys: {},
      set,
    }),
    { name: "nodeflow.settings" },
  ),
);
