/** The browser's own copy, cut and paste, where nobody types. */

import { pointerPlace } from "@/canvas/selection";
import { clipText, pasteText } from "@/commands/clip";
import { openBlob } from "@/commands/files";
import { removeSelected } from "@/commands/frames";
import { isTyping } from "@/commands/typing";

let linked = false;

/** Whether the next paste keeps links to nodes that are not pasted. */
export function pastesLinks(keep: boolean): void {
  linked = keep;
}

/** Whether words of the page are selected. A field keeps its own when the focus leaves it: they do not count. */
function hasWords(): boolean {
  const selection = window.getSelection();
  const at = selection?.anchorNode?.childNodes[selection.anchorOffset] ?? null;
  return Boolean(selection?.toString()) && !isTyping(at);
}

export function listenToClipboard(isFree: (event: Event) => boolean): () => void {
  const onCopy = (event: ClipboardEvent) => {
    const copied = isFree(event) && !hasWords() ? clipText() : undefined;
    if (copied === undefined) return;
    event.clipboardData?.setData("text/plain", copied);
    event.preventDefault();
    if (event.type === "cut") removeSelected();
  };
  const onPaste = (event: ClipboardEvent) => {
    if (event.defaultPrevented || !isFree(event)) return;
    event.preventDefault();
    const picture = [...(event.clipboardData?.files ?? [])].find(({ type }) =>
      type.startsWith("image/"),
    );
    if (picture) return void openBlob(picture, pointerPlace());
    void pasteText(event.clipboardData?.getData("text/plain") ?? "", linked);
    linked = false;
  };
  document.addEventListener("copy", onCopy);
  document.addEventListener("cut", onCopy);
  document.addEventListener("paste", onPaste);
  return () => {
    document.removeEventListener("copy", onCopy);
    document.removeEventListener("cut", onCopy);
    document.removeEventListener("paste", onPaste);
  };
}
