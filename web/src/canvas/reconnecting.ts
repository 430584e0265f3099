/** Dragging a linked input takes the link's end along: React Flow's own grip lies below the port. */

import { portOf } from "@/document/links";

/** Hands what is pressed on a linked input to the grip of its link; false where there is none. */
export function takeEnd(event: React.MouseEvent, node: string, port: string): boolean {
  if (event.button !== 0) return false;
  const ends = [...document.querySelectorAll(".react-flow__edge")].filter((edge) => {
    const [, end = ""] = (edge.getAttribute("data-id") ?? "").split(">");
    return end.startsWith(`${node}.`) && portOf(end.slice(node.length + 1).split(".")) === port;
  });
  const grip = ends.at(-1)?.querySelector(".react-flow__edgeupdater-target");
  if (!grip) return false;
  const { clientX, clientY } = event;
  event.stopPropagation();
  return grip.dispatchEvent(
    new MouseEvent("mousedown", { bubbles: true, cancelable: true, clientX, clientY }),
  );
}
