/**
 * A large selection is taken away some nodes a frame, since all at once would be a task of more than 50 ms.
 * For commands it is gone at once.
 */

import type { NodeChange } from "@xyflow/react";
import { useCanvas } from "@/canvas/selection";

const IN_A_FRAME = 350;

const NOBODY: ReadonlySet<string> = new Set();

const isAway = (change: NodeChange) => change.type === "select" && !change.selected;

/** Does changes now, and those of them that only unselect many nodes a part in each frame. */
export function inParts(changes: NodeChange[], apply: (some: NodeChange[]) => void): void {
  const away = changes.filter(isAway);
  if (away.length <= IN_A_FRAME) {
    apply(changes);
    return;
  }
  const now = changes.filter((change) => !isAway(change));
  const later = away.slice(IN_A_FRAME);
  useCanvas.setState({ leaving: new Set(later.flatMap((one) => ("id" in one ? one.id : []))) });
  apply([...now, ...away.slice(0, IN_A_FRAME)]);
  requestAnimationFrame(() => {
    useCanvas.setState({ leaving: NOBODY });
    inParts(later, apply);
  });
}
