/** What a person chose for this browser. */

import { create } from "zustand";
import { persist } from "zustand/middleware";

export type Theme = "system" | "light" | "dark";
export type Language = "en" | "zh";
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
  seeds: { [key: string]: SeedAfterRun };
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
      seeds: {},
      used: {},
      keys: {},
      set,
    }),
    { name: "nodeflow.settings" },
  ),
);
