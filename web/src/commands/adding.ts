/** Nodes that are added from lists and files, not by the search. */

import { ApiError, api } from "@/api/client";
import { pointerPlace, useCanvas } from "@/canvas/selection";
import { addNode } from "@/document/edit";
import type { JsonMap, Place } from "@/document/workflow";
import { readableModels } from "@/state/models";
import { say } from "@/state/panels";
import { nodeType, useServer } from "@/state/server";
import { act, activeTab, useTabs } from "@/state/tabs";
import type { NodeType } from "@/types/nodeType";

/** What a type that is dragged onto the canvas is called among the data of the drag. */
export const NODE_TYPE = "application/x-nodeflow-type";

/** Adds a node with values for some of its inputs and selects it. */
export function addAt(type: NodeType, place: Place, values: JsonMap = {}): void {
  const tab = activeTab();
  if (tab?.view === "form") useTabs.getState().change(tab.id, { view: "graph" });
  void readableModels(type).then((models) =>
    act((document, scope) => {
      const { edit, name } = addNode(document, scope, type, place, { ...models, ...values });
      useCanvas.setState({ wanted: [name] });
      return edit;
    }),
  );
}

/** The same in the middle of what is seen. */
export function addAtCentre(type: NodeType, values: JsonMap = {}): void {
  const pane = document.querySelector(".react-flow")?.getBoundingClientRect();
  const middle = pane
    ? { x: pane.x + pane.width / 2, y: pane.y + pane.height / 2 }
    : { x: innerWidth / 2, y: innerHeight / 2 };
  addAt(type, useCanvas.getState().flow?.screenToFlowPosition(middle) ?? { x: 0, y: 0 }, values);
}

/**
 * A picture that was dropped or pasted on the canvas comes as the node that loads it. False where the
 * server does not take it, and why is told.
 */
export async function addPicture(file: File, place: Place = pointerPlace()): Promise<boolean> {
  const name = file.name || "picture.png";
  try {
    const stored = await api.upload(file, name);
    await useServer.getState().loadTypes();
    const type = nodeType("LoadImage");
    if (type) addAt(type, place, { image: stored.path });
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    say(`${name}: ${error.message}`);
    return false;
  }
}
