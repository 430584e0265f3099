/** Signs and words of changes: they are never told by colour alone. */

import type { Change, NodeChange, Sign } from "@/document/difference";
import { GROUP, type Json, NOTE } from "@/document/workflow";
import type { Catalogue } from "@/language/en";

export const SIGNS: Record<Sign, string> = { added: "+", removed: "−", changed: "≠" };

/** A value as it is written in a row. */
export function shown(value: Json | undefined): string {
  if (value === undefined) return "–";
  return typeof value === "string" ? value || '""' : JSON.stringify(value);
}

/** A key of a node or a graph as people call it. */
export function keyWord(t: Catalogue, key: string): string {
  if (key === "node") return t.nodeKind;
  if (key === "bypass" || key === "mute") return t[key];
  return key;
}

/** What a changed thing is called: a node by its name, a group or a note by what it is. */
export function nameOf(t: Catalogue, node: string): string {
  if (node.startsWith(NOTE)) return t.note;
  return node.startsWith(GROUP) ? t.groupTitle : node;
}

export function sentence(t: Catalogue, { node, sign, was, changes }: NodeChange): string {
  const parts = [`${nameOf(t, node)}: ${t[sign]}`];
  if (was !== undefined) parts.push(t.wasCalled(was));
  if (sign === "changed")
    parts.push(...changes.map(({ key, ...one }) => `${keyWord(t, key)} ${fromTo(one)}`));
  return parts.join(", ");
}

export function fromTo({ before, after }: Omit<Change, "key">): string {
  return `${shown(before)} → ${shown(after)}`;
}
