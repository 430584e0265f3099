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

/** `12 kB`, `3.4 MB`, `1.2 GB`. */
export function size(bytes: number): string {
  const [unit, divisor]: [string, number] =
    bytes < 1e6 ? ["kB", 1e3] : bytes < 1e9 ? ["MB", 1e6] : ["GB", 1e9];
  const amount = bytes / divisor;
  return `${amount < 10 && unit !== "kB" ? amount.toFixed(1) : Math.max(1, Math.round(amount))} ${unit}`;
}

/** A moment (seconds since 1970) in the way of the chosen language; today's by its time alone. */
export function when(seconds: number): string {
  const { language } = useSettings.getState();
  const at = new Date(seconds * 1000);
  const today = at.toDateString() === new Date().toDateString();
  const style: Intl.DateTimeFormatOptions = today
    ? { timeStyle: "short" }
    : { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(language, style).format(at);
}
