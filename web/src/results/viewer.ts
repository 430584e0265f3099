/** Which pictures are shown large, and how. */

import { create } from "zustand";
import type { StoredFile } from "@/api/shapes";

export type Mode = "one" | "slider" | "side";

/** `against` is the other picture of a comparison. */
type Viewer = {
  files: StoredFile[];
  at: number;
  against: number;
  mode: Mode;
  /** What had the focus before; the page behind loses it before the viewer is loaded. */
  from: Element | null;
};

const CLOSED: Viewer = { files: [], at: 0, against: 0, mode: "one", from: null };

export const useViewer = create<Viewer>()(() => CLOSED);

export const viewer = {
  open: (files: StoredFile[], at: number, mode: Mode = "one") =>
    useViewer.setState({
      files,
      at,
      against: (at + 1) % files.length,
      mode,
      from: document.activeElement,
    }),
  close: () => useViewer.setState(CLOSED),
  move: (by: number) =>
    useViewer.setState(({ files, at }) => ({ at: (at + by + files.length) % files.length })),
  compare: (mode: Mode) =>
    useViewer.setState((state) => ({
      mode: state.mode === mode ? "one" : mode,
      against: state.against === state.at ? (state.at + 1) % state.files.length : state.against,
    })),
  against: (against: number) => useViewer.setState({ against }),
};
