/** Bends in links: nodes that pass one value on. */

import { addNode, type End, insertIntoLink } from "@/document/edit";
import { apply } from "@/document/operation";
import { REROUTE, REROUTE_INPUT } from "@/document/reference";
import type { Place } from "@/document/workflow";
import { nodeType } from "@/state/server";
import { act, currentGraph } from "@/state/tabs";

/** Puts a bend into a link. */
export function bend(to: End, place: Place): void {
  const type = nodeType(REROUTE);
  if (!type || !currentGraph().nodes[to.node]) return;
  act((document, scope) => {
    const { edit, name } = addNode(document, scope, type, { x: place.x - 22, y: place.y - 11 });
    const added = apply(document, edit.patches);
    const { patches } = insertIntoLink(added, scope, name, to, REROUTE_INPUT, undefined);
    return { label: "reroute", patches: [...edit.patches, ...patches] };
  });
}
