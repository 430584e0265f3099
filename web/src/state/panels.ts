/** Which panel and which dialog is open. */

import { create } from "zustand";

export type Panel = "queue" | "history" | "nodes" | "workflows" | "text" | "results";
export type Dialog = "palette" | "shortcuts" | "settings" | "rename" | "save" | "conflict";

type Panels = {
  panel: Panel | undefined;
  dialog: Dialog | undefined;
  message: string | undefined;
  toggle(panel: Panel): void;
};

export const usePanels = create<Panels>()((set) => ({
  panel: undefined,
  dialog: undefined,
  message: undefined,
  toggle: (panel) => set((state) => ({ panel: state.panel === panel ? undefined : panel })),
}));

let timer: ReturnType<typeof setTimeout> | undefined;

/** Says something for a few seconds. */
export function say(message: string): void {
  clearTimeout(timer);
  usePanels.setState({ message });
  timer = setTimeout(() => usePanels.setState({ message: undefined }), 4000);
}
