/** What is selected on the canvas, and the canvas itself, for commands. */

import type { ReactFlowInstance } from "@xyflow/react";
import { create } from "zustand";
import { GROUP, NOTE, OUTPUTS } from "@/canvas/flow";
import { INPUTS, type Place } from "@/document/workflow";
import { currentGraph } from "@/state/tabs";

type Canvas = {
  selected: string[];
  flow: ReactFlowInstance | undefined;
  /** There are so many nodes that those out of sight are left out. */
  many: boolean;
  /** They are shown too small to read: widgets are left out. */
  far: boolean;
  /** Ids that shall be selected when they appear. */
  wanted: string[] | undefined;
};

export const useCanvas = create<Canvas>()(() => ({
  selected: [],
  flow: undefined,
  many: false,
  far: false,
  wanted: undefined,
}));

/** Where the pointer was last. It has a store of its own: what is on the canvas does not ask for it. */
export const usePointer = create<Place>()(() => ({ x: 0, y: 0 }));

const isEnd = (id: string) =>
  id === OUTPUTS || (id === INPUTS && currentGraph().nodes[id] === undefined);

export function selectedNodes(): string[] {
  return useCanvas
    .getState()
    .selected.filter((id) => !id.startsWith(GROUP) && !id.startsWith(NOTE) && !isEnd(id));
}

/** Where the pointer is, in the coordinates of the graph. */
export function pointerPlace(): Place {
  const { flow } = useCanvas.getState();
  return flow ? flow.screenToFlowPosition(usePointer.getState()) : { x: 0, y: 0 };
}
