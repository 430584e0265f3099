import { useEffect, useMemo, useState } from "react";
import { arrange } from "@/canvas/arrange";
import { heightOf, type Places, standing } from "@/diff/places";
import type { Sheet } from "@/diff/sheet";
import type { NodeData } from "@/document/workflow";

async function arranged({ nodes, links }: Sheet): Promise<Places> {
  const graph: { [id: string]: NodeData } = {};
  for (const { id } of nodes) graph[id] = { node: "" };
  links.forEach(({ source, target }, index) => {
    const node = graph[target];
    if (node) node[`link${index}`] = `$${source}`;
  });
  const sizes = new Map(nodes.map((n) => [n.id, { width: n.width, height: heightOf(n) }]));
  return new Map(Object.entries(await arrange({ nodes: graph }, sizes)));
}

/** The places of a sheet's nodes: their own, or arranged by the links where one has none. */
export function usePlaces(sheet: Sheet): { places: Places; own: boolean } | undefined {
  const stand = useMemo(() => standing(sheet), [sheet]);
  const [found, setFound] = useState<{ sheet: Sheet; places: Places }>();
  useEffect(() => {
    if (stand) return;
    let current = true;
    void arranged(sheet).then((places) => current && setFound({ sheet, places }));
    return () => {
      current = false;
    };
  }, [sheet, stand]);
  if (stand) return { places: stand, own: true };
  return found?.sheet === sheet ? { places: found.places, own: false } : undefined;
}
