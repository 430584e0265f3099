import { type ComponentType, type LazyExoticComponent, lazy } from "react";

const parts: (() => Promise<unknown>)[] = [];

/** A part of the page that the first load leaves out. */
export function later<P>(
  load: () => Promise<{ default: ComponentType<P> }>,
): LazyExoticComponent<ComponentType<P>> {
  parts.push(load);
  return lazy(load);
}

/** Fetches those parts, so that they are there while the server is away, or is a newer one with other files. */
export async function fetchParts(): Promise<void> {
  // What could not be fetched now is asked for again where it is wanted.
  for (const load of parts) await load().catch(() => undefined);
}
