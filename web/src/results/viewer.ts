/** Which pictures are shown large. */

import { create } from "zustand";
import type { StoredFile } from "@/api/shapes";

type Viewer = { files: StoredFile[]; at: number; against: number | undefined };

export const useViewer = create<Viewer>()(() => ({ files: [], at: 0, against: undefined }));

export const viewer = {
  open: (files: StoredFile[], at: number) => useViewer.setState({ files, at, against: undefined }),
  close: () => useViewer.setState({ files: [], at: 0, against: undefined }),
  move: (by: number) =>
    useViewer.setState(({ files, at }) => ({ at: (at + by + files.length) % files.length })),
  compare: (against: number | undefined) => useViewer.setState({ against }),
};
