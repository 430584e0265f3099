/** The words of the page in the chosen language. */

import { type Catalogue, en } from "@/language/en";
import { zh } from "@/language/zh";
import { useSettings } from "@/state/settings";

const CATALOGUES = { en, zh };

export function useText(): Catalogue {
  return CATALOGUES[useSettings(({ language }) => language)];
}

export function text(): Catalogue {
  return CATALOGUES[useSettings.getState().language];
}

/** `0.8 s`, `12 s`, `3 min`. */
export function duration(seconds: number): string {
  if (seconds < 0.0005) return "0 s";
  if (seconds < 0.1) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}
