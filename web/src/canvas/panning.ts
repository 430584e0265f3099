/** While the space bar is held a drag moves the canvas, also from a node. */

import { useEffect, useState } from "react";
import { isTyping } from "@/commands/typing";

/** Whether the space bar is held for that: not in a text, not on a button it would press. */
export function useSpaceHeld(): boolean {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== " ") return;
      const pressed = event.target instanceof Element && event.target.closest("button, summary, a");
      setHeld(event.type === "keydown" && !isTyping(event.target) && !pressed);
    };
    const release = () => setHeld(false);
    window.addEventListener("keydown", onKey);
    window.addEventListener("keyup", onKey);
    window.addEventListener("blur", release);
    return () => {
      window.removeEventListener("keydown", onKey);
      window.removeEventListener("keyup", onKey);
      window.removeEventListener("blur", release);
    };
  }, []);
  return held;
}
