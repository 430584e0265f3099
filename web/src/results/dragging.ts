/** A picture that was made, dragged to where a picture is wanted. */

import { fileUrl } from "@/api/client";
import type { StoredFile } from "@/api/shapes";

const MADE = "application/x-nodeflow-made";

export function startDrag({ dataTransfer }: React.DragEvent, { url, path }: StoredFile): void {
  dataTransfer.setData(MADE, JSON.stringify({ url, path }));
  dataTransfer.effectAllowed = "copy";
}

/** The picture that is dropped, or undefined where something else is. */
export async function madeOf({ dataTransfer }: React.DragEvent): Promise<File | undefined> {
  const told = dataTransfer.getData(MADE);
  if (!told) return undefined;
  const { url, path } = JSON.parse(told) as Pick<StoredFile, "url" | "path">;
  const picture = await (await fetch(fileUrl({ url }))).blob();
  return new File([picture], path.split("/").at(-1) ?? path, { type: picture.type });
}
