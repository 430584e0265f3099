import { Position, ReactFlow, ReactFlowProvider, useReactFlow } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { useEffect, useMemo, useState } from "react";
import { Dots } from "@/canvas/Dots";
import { MANY } from "@/canvas/detail";
import { DiffFrame, type DiffFrameType } from "@/diff/DiffFrame";
import { DiffLink, type DiffLinkType } from "@/diff/DiffLink";
import { DiffNode, type DiffNodeType } from "@/diff/DiffNode";
import type { DrawnNode, Sheet } from "@/diff/sheet";
import type { Place } from "@/document/workflow";
import { useText } from "@/language/text";
import { useServer } from "@/state/server";
import { useSettings } from "@/state/settings";
import { colourOf } from "@/types/compatible";

const NODES = { diff: DiffNode, frame: DiffFrame };
const LINKS = { diff: DiffLink };
const HEAD = 32;
const MIDDLE = 15;

/** What shall be seen: all, what differs, or one node. `turn` grows with every wish. */
export type Look = { at: "all" | "changes" | { node: string }; turn: number };

type Props = {
  sheet: Sheet;
  places: ReadonlyMap<string, Place>;
  /** The nodes stand where their documents have them, and so may groups and notes. */
  framed: boolean;
  look: Look;
  onPick(node: string): void;
};

/** What React Flow would measure of a node that is only a name. */
function folded({ inputs, outputs, values, width }: DrawnNode): Partial<DiffNodeType> {
  const handle = (id: string, type: "source" | "target") => ({
    id,
    type,
    position: type === "target" ? Position.Left : Position.Right,
    x: type === "target" ? 0 : width,
    y: MIDDLE,
    width: 0,
    height: 0,
  });
  const taken = [...inputs, ...values.filter(({ linked }) => linked)];
  return {
    measured: { width, height: HEAD },
    handles: [
      ...taken.map(({ name }) => handle(name, "target")),
      ...outputs.map(({ name }) => handle(name, "source")),
    ],
  };
}

/** Both documents in one graph that can be looked at only. */
export function DiffCanvas(props: Props) {
  return (
    <ReactFlowProvider>
      <Drawing {...props} />
    </ReactFlowProvider>
  );
}

function Drawing({ sheet, places, framed, look, onPick }: Props) {
  const t = useText();
  const flow = useReactFlow();
  const types = useServer((state) => state.types);
  const scrollPans = useSettings((state) => state.scrollPans);
  const many = sheet.nodes.length > MANY;
  const here = typeof look.at === "object" ? look.at.node : undefined;
  const nodes = useMemo(
    () =>
      sheet.nodes.map((drawn): DiffNodeType => {
        const brief = many && drawn.sign === undefined;
        return {
          id: drawn.id,
          type: "diff",
          position: places.get(drawn.id) ?? { x: 0, y: 0 },
          data: { drawn, brief, here: drawn.id === here },
          ...(brief ? folded(drawn) : {}),
        };
      }),
    [sheet, places, many, here],
  );
  const frames = useMemo(
    () =>
      (framed ? sheet.frames : []).map((drawn): DiffFrameType => {
        const { x, y, w: width, h: height } = drawn.box;
        const behind = drawn.kind === "group" ? { zIndex: -1 } : {};
        const data = { drawn, here: drawn.id === here };
        return { id: drawn.id, type: "frame", position: { x, y }, width, height, data, ...behind };
      }),
    [sheet, framed, here],
  );
  const all = useMemo(() => [...frames, ...nodes], [frames, nodes]);
  const links = useMemo(
    () =>
      // What differs is drawn over what does not.
      sheet.links
        .toSorted((a, b) => Number(Boolean(a.sign)) - Number(Boolean(b.sign)))
        .map(
          ({ id, source, output, target, input, type, sign }): DiffLinkType => ({
            id,
            type: "diff",
            source,
            sourceHandle: output,
            target,
            targetHandle: input,
            data: { colour: colourOf(types, type), ...(sign ? { sign } : {}) },
          }),
        ),
    [sheet, types],
  );
  const wished = useMemo(() => {
    const changed = [...sheet.nodes, ...(framed ? sheet.frames : [])]
      .filter(({ sign }) => sign)
      .map(({ id }) => ({ id }));
    if (typeof look.at === "object") return [{ id: look.at.node }];
    return look.at === "changes" && changed.length > 0 ? changed : undefined;
  }, [sheet, framed, look]);
  const [ready, setReady] = useState(false);
  useEffect(() => {
    if (!ready) return;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    void flow.fitView({
      padding: 0.15,
      maxZoom: 1,
      duration: still ? 0 : 200,
      ...(wished ? { nodes: wished } : {}),
    });
  }, [flow, wished, ready]);
  return (
    <section className="diff-canvas" aria-label={t.canvas}>
      <ReactFlow
        nodes={all}
        edges={links}
        nodeTypes={NODES}
        edgeTypes={LINKS}
        onInit={() => setReady(true)}
        onNodeClick={(_, { id, data }) => data.drawn.sign && onPick(id)}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        panOnScroll={scrollPans}
        zoomOnDoubleClick={false}
        deleteKeyCode={null}
        minZoom={0.08}
        maxZoom={2.5}
        fitView
        fitViewOptions={{ padding: 0.15, maxZoom: 1, ...(wished ? { nodes: wished } : {}) }}
        onlyRenderVisibleElements={many}
        proOptions={{ hideAttribution: true }}
      >
        <Dots />
      </ReactFlow>
    </section>
  );
}
