/** Which panel and which dialog is open. */

import { create } from "zustand";
import type { StoredFile } from "@/api/shapes";
import type { Workflow } from "@/document/workflow";

export type Panel = "queue" | "history" | "nodes" | "workflows" | "text" | "results";
export type Dialog =
  | "palette"
  | "shortcuts"
  | "settings"
  | "rename"
  | "save"
  | "conflict"
  | "versions"
  | "compare"
  | "compare-with"
  | "sweep"
  | "templates";

/** One of two documents that are compared. */
export type Compared = { title: string; document: Workflow; picture?: StoredFile };

type Panels = {
  panel: Panel | undefined;
  dialog: Dialog | undefined;
  message: string | undefined;
  compared: [Compared, Compared] | undefined;
  toggle(panel: Panel): void;
};

export const usePanels = create<Panels>()((set) => ({
  panel: undefined,
  dialog: undefined,
  message: undefined,
  compared: undefined,
  toggle: (panel) => set((state) => ({ panel: state.panel === panel ? undefined : panel })),
}));

let timer: ReturnType<typeof setTimeout> | undefined;

/** Says something for a few seconds. */
export function say(message: string): void {
  clearTimeout(timer);
  usePanels.setState({ message });
  timer = setTimeout(() => usePanels.setState({ message: undefined }), 4000);
}
