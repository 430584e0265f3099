/** The pictures among what output nodes made. */

import type { StoredFile } from "@/api/shapes";

/** Saved ones first, then those that are only shown. */
export function picturesOf(outputs: { [node: string]: { files: StoredFile[] } }): StoredFile[] {
  return Object.values(outputs)
    .flatMap(({ files }) => files.filter((file) => file.media_type.startsWith("image/")))
    .sort((a, b) => Number(a.folder === "temp") - Number(b.folder === "temp"));
}
