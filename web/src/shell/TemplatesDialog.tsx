import { useEffect, useState } from "react";
import { api } from "@/api/client";
import type { Template } from "@/api/shapes";
import { arrange } from "@/canvas/arrange";
import { heightOf, WIDTH } from "@/canvas/rows";
import { openTemplate } from "@/commands/files";
import { linksOf } from "@/document/links";
import type { Place, Workflow } from "@/document/workflow";
import { useTerm } from "@/language/terms";
import { useText } from "@/language/text";
import { Dialog } from "@/shell/Dialog";
import { say, usePanels } from "@/state/panels";
import { nodeType, useServer } from "@/state/server";
import { colourOf } from "@/types/compatible";

/** The workflows that ship with the program, each with a look at its graph. */
export default function TemplatesDialog() {
  const t = useText();
  const term = useTerm();
  const [templates, setTemplates] = useState<Template[]>([]);
  useEffect(() => {
    void api.templates().then(
      (answer) => setTemplates(answer.templates),
      (error: Error) => say(error.message),
    );
  }, []);
  return (
    <Dialog title={t.templates} size="wide">
      <p className="quiet">{t.templatesHint}</p>
      <ul className="cards">
        {templates.map(({ id, name, description, nodes }) => (
          <li key={id}>
            <button
              type="button"
              className="card"
              onClick={() => {
                usePanels.setState({ dialog: undefined });
                void openTemplate(id);
              }}
            >
              <Sketch id={id} />
              <b>{term(name)}</b>
              {description && <span>{term(description)}</span>}
              <small>{t.nodeCount(nodes)}</small>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

type Box = Place & { width: number; height: number; colour: string };

async function sketch(workflow: Workflow): Promise<{ boxes: Box[]; lines: [Box, Box][] }> {
  const places = await arrange(workflow);
  const boxes = new Map<string, Box>();
  for (const [name, node] of Object.entries(workflow.nodes)) {
    const type = nodeType(node.node);
    const kind = type?.outputs[0]?.type ?? (type?.output ? "IMAGE" : "*");
    boxes.set(name, {
      ...(places[name] ?? { x: 0, y: 0 }),
      width: WIDTH,
      height: heightOf(type, node, undefined),
      colour: colourOf(useServer.getState().types, kind),
    });
  }
  const lines = linksOf(workflow).flatMap(({ source, target }): [Box, Box][] => {
    const [from, to] = [boxes.get(source), boxes.get(target)];
    return from && to ? [[from, to]] : [];
  });
  return { boxes: [...boxes.values()], lines };
}

/** A graph in small. */
function Sketch({ id }: { id: string }) {
  const [drawn, setDrawn] = useState<{ boxes: Box[]; lines: [Box, Box][] }>();
  useEffect(() => {
    void api.template(id).then(
      async ({ document }) => document && setDrawn(await sketch(document)),
      () => undefined,
    );
  }, [id]);
  if (!drawn || drawn.boxes.length === 0) return <svg viewBox="0 0 100 44" aria-hidden="true" />;
  const right = Math.max(...drawn.boxes.map((box) => box.x + box.width));
  const bottom = Math.max(...drawn.boxes.map((box) => box.y + box.height));
  return (
    <svg viewBox={`-20 -20 ${right + 40} ${bottom + 40}`} aria-hidden="true">
      {drawn.lines.map(([from, to], index) => {
        const [x1, y1] = [from.x + from.width, from.y + from.height / 2];
        const [x2, y2] = [to.x, to.y + to.height / 2];
        const bend = Math.max(40, (x2 - x1) / 2);
        return (
          <path key={index} d={`M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`} />
        );
      })}
      {drawn.boxes.map(({ x, y, width, height, colour }, index) => (
        <rect key={index} x={x} y={y} width={width} height={height} rx={24} fill={colour} />
      ))}
    </svg>
  );
}
