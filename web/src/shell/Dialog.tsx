import { useEffect, useRef, useState } from "react";
import { useText } from "@/language/text";
import { Tool } from "@/shell/Tool";
import { usePanels } from "@/state/panels";

export const closeDialog = () => usePanels.setState({ dialog: undefined });

type Props = { title: string; size?: "middle" | "wide" | "full"; children: React.ReactNode };

/** A window over the page; Escape, the button and a click beside it close it. */
export function Dialog({ title, size, children }: Props) {
  const t = useText();
  const frame = useRef<HTMLDivElement>(null);
  // While it is open the page behind it can have no focus, which is taken from it at once.
  const [before] = useState(() => document.activeElement as HTMLElement | null);
  useEffect(() => {
    if (!frame.current?.contains(document.activeElement)) frame.current?.focus();
    const onKey = (event: KeyboardEvent) => event.key === "Escape" && closeDialog();
    window.addEventListener("keydown", onKey);
    return () => {
      window.removeEventListener("keydown", onKey);
      before?.focus?.();
    };
  }, [before]);
  return (
    <div
      className="veil"
      onPointerDown={(event) => event.target === event.currentTarget && closeDialog()}
    >
      <div
        ref={frame}
        className={size ? `dialog ${size}` : "dialog"}
        role="dialog"
        aria-modal="true"
        aria-label={title}
        tabIndex={-1}
      >
        <div className="dialog-head">
          <h2>{title}</h2>
          <Tool icon="close" label={t.close} keys="Esc" onClick={closeDialog} />
        </div>
        {children}
      </div>
    </div>
  );
}
