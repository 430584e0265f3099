/** Which panel and which dialog is open. */

import { create } from "zustand";
import type { StoredFile } from "@/api/shapes";
import type { Workflow } from "@/document/workflow";

export type Panel = "queue" | "history" | "nodes" | "workflows" | "text" | "results" | "models";
export type Dialog =
  | "palette"
  | "shortcuts"
  | "settings"
  | "rename"
  | "name"
  | "save"
  | "conflict"
  | "taken"
  | "versions"
  | "compare"
  | "compare-with"
  | "sweep"
  | "templates"
  | "docs"
  | "link";

/** One of two documents that are compared. */
export type Compared = { title: string; document: Workflow; picture?: StoredFile };

export type Offer = { label: string; run(): void };

type Panels = {
  panel: Panel | undefined;
  dialog: Dialog | undefined;
  message: string | undefined;
  /** Counts messages: the same words said again are said anew. */
  said: number;
  /** What can be done about the message. */
  offer: Offer | undefined;
  compared: [Compared, Compared] | undefined;
  /** The path of another file, where the document was to be saved. */
  taken: string;
  toggle(panel: Panel): void;
};

export const usePanels = create<Panels>()((set) => ({
  panel: undefined,
  dialog: undefined,
  message: undefined,
  said: 0,
  offer: undefined,
  compared: undefined,
  taken: "",
  toggle: (panel) => set((state) => ({ panel: state.panel === panel ? undefined : panel })),
}));

let timer: ReturnType<typeof setTimeout> | undefined;

/** Says something for a few seconds, longer where there is something to press. */
export function say(message: string, offer?: Offer): void {
  clearTimeout(timer);
  usePanels.setState(({ said }) => ({ message, offer, said: said + 1 }));
  timer = setTimeout(
    () => usePanels.setState({ message: undefined, offer: undefined }),
    offer ? 12_000 : 4000,
  );
}
