/** What is selected on the canvas, and the canvas itself, for commands. */

import type { ReactFlowInstance, Viewport } from "@xyflow/react";
import { create } from "zustand";
import { OUTPUTS } from "@/canvas/flow";
import { GROUP, INPUTS, NOTE, type Place } from "@/document/workflow";
import { currentGraph } from "@/state/tabs";

type Canvas = {
  selected: string[];
  /** Shown as selected until the next frame, though they are not any more. */
  leaving: ReadonlySet<string>;
  flow: ReactFlowInstance | undefined;
  /** The port a link is being drawn from. */
  drawing: { side: "in" | "out"; type: string } | undefined;
  /** Ids that shall be selected when they appear. */
  wanted: string[] | undefined;
};

export const useCanvas = create<Canvas>()(() => ({
  selected: [],
  leaving: new Set(),
  flow: undefined,
  drawing: undefined,
  wanted: undefined,
}));

type Sight = {
  /** There are so many nodes that those out of sight are left out. */
  many: boolean;
  /** They are shown too small to read: widgets are left out. */
  far: boolean;
};

/** What all nodes ask for has a store of its own: a selection tells them nothing. */
export const useSight = create<Sight>()(() => ({ many: false, far: false }));

/** Where each canvas was looked at last, by its tab and trail. */
export const useViews = create<{ [place: string]: Viewport }>()(() => ({}));

/** Where the pointer was last. It has a store of its own: what is on the canvas does not ask for it. */
export const usePointer = create<Place>()(() => ({ x: 0, y: 0 }));

const isEnd = (id: string) =>
  id === OUTPUTS || (id === INPUTS && currentGraph().nodes[id] === undefined);

const nodesOf = (ids: readonly string[]) =>
  ids.filter((id) => !id.startsWith(GROUP) && !id.startsWith(NOTE) && !isEnd(id));

export function selectedNodes(): string[] {
  return nodesOf(useCanvas.getState().selected);
}

export type Chosen = { nodes: string[]; groups: string[]; notes: string[] };

/** Ids on the canvas by what they are of. */
export function chosenOf(ids: readonly string[]): Chosen {
  const of = (kind: string) =>
    ids.filter((id) => id.startsWith(kind)).map((id) => id.slice(kind.length));
  return { nodes: nodesOf(ids), groups: of(GROUP), notes: of(NOTE) };
}

/** All that is selected. */
export const chosen = (): Chosen => chosenOf(useCanvas.getState().selected);

/** A point of the screen in the coordinates of the graph. */
export function placeAt(point: Place): Place {
  return useCanvas.getState().flow?.screenToFlowPosition(point) ?? { x: 0, y: 0 };
}

/** Where the pointer is in them. */
export function pointerPlace(): Place {
  return placeAt(usePointer.getState());
}
