/** Everything that can be done, with its name and keys: the palette, menus and keyboard use it. */

import { api } from "@/api/client";
import { align, type Box, type Line, type Places, spread } from "@/canvas/aligning";
import { arrange } from "@/canvas/arrange";
import { fit } from "@/canvas/fitting";
import { pointerPlace, selectedNodes, useCanvas } from "@/canvas/selection";
import { clip } from "@/commands/clip";
import { reopenTab } from "@/commands/closing";
import { sinceSaved } from "@/commands/compare";
import { download, newTab, openFile, save } from "@/commands/files";
import * as frames from "@/commands/frames";
import { nextProblem } from "@/commands/problems";
import { enter, makeFromSelection, stepOut, unpackSelected } from "@/commands/subgraphs";
import { moveNodes, styleNodes, toggleMode } from "@/document/edit";
import type { Mode, NodeLayout } from "@/document/workflow";
import type { Catalogue } from "@/language/en";
import { text } from "@/language/text";
import { cancel, run } from "@/run/submit";
import { say, usePanels } from "@/state/panels";
import { useServer } from "@/state/server";
import { useSettings } from "@/state/settings";
import { act, activeTab, currentGraph, runName, useTabs } from "@/state/tabs";

type Word = { [K in keyof Catalogue]: Catalogue[K] extends string ? K : never }[keyof Catalogue];

export type Command = { id: string; word: Word; keys: string[]; run(): void; typing?: boolean };

/** Opens a dialog about the first selected node. */
function onNode(dialog: "link" | "rename"): void {
  if (selectedNodes().length > 0) usePanels.setState({ dialog });
  else say(text().selectFirst);
}

function mode(which: Mode): void {
  const names = selectedNodes();
  if (names.length > 0) act((d, scope) => toggleMode(d, scope, names, which));
}

function style(word: string, change: (layout: NodeLayout) => NodeLayout): void {
  const names = selectedNodes();
  if (names.length > 0) act((d, scope) => styleNodes(d, scope, names, change, word));
}

/** Moves the selected nodes to where a rule puts their boxes. */
function placed(rule: (boxes: Box[]) => Places): () => void {
  return () => {
    const names = new Set(selectedNodes());
    const nodes = useCanvas.getState().flow?.getNodes() ?? [];
    const boxes = nodes.flatMap(({ id, position, measured }) =>
      names.has(id)
        ? [
            {
              name: id,
              ...position,
              width: measured?.width ?? 232,
              height: measured?.height ?? 120,
            },
          ]
        : [],
    );
    if (boxes.length > 1) act((d, scope) => moveNodes(d, scope, rule(boxes), "align"));
  };
}

const aligned = (line: Line) => placed((boxes) => align(boxes, line));

async function arrangeAll(): Promise<void> {
  const { flow } = useCanvas.getState();
  const sizes = new Map(
    flow
      ?.getNodes()
      .map(({ id, measured }) => [
        id,
        { width: measured?.width ?? 232, height: measured?.height ?? 120 },
      ]),
  );
  const places = await arrange(currentGraph(), sizes);
  act((d, scope) => moveNodes(d, scope, places, "arrange"));
  requestAnimationFrame(() => fit());
}

function view(): void {
  const tab = activeTab();
  if (tab) useTabs.getState().look(tab.view === "form" ? "graph" : "form");
}

const panel =
  (name: "queue" | "history" | "nodes" | "workflows" | "text" | "results" | "models") => () =>
    usePanels.getState().toggle(name);

export const COMMANDS: Command[] = [
  { id: "run", word: "run", keys: ["Ctrl+Enter"], run: () => void run(), typing: true },
  {
    id: "run-front",
    word: "runFront",
    keys: ["Ctrl+Shift+Enter"],
    run: () => void run({ front: true }),
    typing: true,
  },
  { id: "run-again", word: "runAgain", keys: [], run: () => void run({ again: true }) },
  {
    id: "run-to",
    word: "runTo",
    keys: ["Alt+Enter"],
    run: () => void run({ only: selectedNodes().map((node) => runName(node)) }),
  },
  {
    id: "cancel",
    word: "cancel",
    keys: ["Ctrl+Alt+Enter"],
    run: () => void cancel(),
    typing: true,
  },
  { id: "pause", word: "pause", keys: [], run: () => void api.pause(!useServer.getState().paused) },
  {
    id: "run-on-change",
    word: "runOnChange",
    keys: [],
    run: () => useSettings.getState().set({ runOnChange: !useSettings.getState().runOnChange }),
  },
  { id: "undo", word: "undo", keys: ["Ctrl+Z"], run: () => useTabs.getState().undo() },
  {
    id: "redo",
    word: "redo",
    keys: ["Ctrl+Y", "Ctrl+Shift+Z"],
    run: () => useTabs.getState().redo(),
  },
  { id: "save", word: "save", keys: ["Ctrl+S"], run: () => void save(), typing: true },
  {
    id: "save-as",
    word: "saveAs",
    keys: ["Ctrl+Shift+S"],
    run: () => void save(true),
    typing: true,
  },
  { id: "open", word: "open", keys: ["Ctrl+O"], run: openFile, typing: true },
  { id: "new", word: "newTab", keys: ["Ctrl+Alt+N"], run: newTab },
  { id: "reopen", word: "reopen", keys: ["Ctrl+Alt+T"], run: reopenTab },
  {
    id: "sweep",
    word: "sweep",
    keys: ["S"],
    run: () => usePanels.setState({ dialog: "sweep" }),
  },
  {
    id: "versions",
    word: "versions",
    keys: [],
    run: () => usePanels.setState({ dialog: "versions" }),
  },
  { id: "since-saved", word: "sinceSaved", keys: ["D"], run: sinceSaved },
  {
    id: "compare",
    word: "compareDocument",
    keys: ["Shift+D"],
    run: () => usePanels.setState({ dialog: "compare-with" }),
  },
  {
    id: "templates",
    word: "templates",
    keys: ["T"],
    run: () => usePanels.setState({ dialog: "templates" }),
  },
  { id: "download", word: "download", keys: [], run: () => void download() },
  {
    id: "palette",
    word: "palette",
    keys: ["Ctrl+K", "Ctrl+Shift+P"],
    run: () => usePanels.setState({ dialog: "palette" }),
    typing: true,
  },
  {
    id: "shortcuts",
    word: "shortcuts",
    keys: ["?"],
    run: () => usePanels.setState({ dialog: "shortcuts" }),
  },
  {
    id: "settings",
    word: "settings",
    keys: ["Ctrl+,"],
    run: () => usePanels.setState({ dialog: "settings" }),
  },
  { id: "view", word: "form", keys: ["F"], run: view },
  {
    id: "link",
    word: "link",
    keys: ["L"],
    run: () => onNode("link"),
  },
  {
    id: "add",
    word: "addNode",
    keys: ["Tab"],
    run: () => window.dispatchEvent(new Event("nodeflow:search")),
  },
  { id: "next-problem", word: "nextProblem", keys: ["F8"], run: nextProblem, typing: true },
  { id: "copy", word: "copy", keys: ["Ctrl+C"], run: clip.copy },
  { id: "cut", word: "cut", keys: ["Ctrl+X"], run: clip.cut },
  {
    id: "paste",
    word: "paste",
    keys: ["Ctrl+V"],
    run: () => void clip.paste(false),
  },
  {
    id: "paste-linked",
    word: "pasteLinked",
    keys: ["Ctrl+Shift+V"],
    run: () => void clip.paste(true),
  },
  { id: "duplicate", word: "duplicate", keys: ["Ctrl+D"], run: () => clip.duplicate() },
  { id: "delete", word: "remove", keys: ["Delete", "Backspace"], run: frames.removeSelected },
  { id: "select-all", word: "selectAll", keys: ["Ctrl+A"], run: () => frames.selectAll() },
  { id: "mute", word: "mute", keys: ["Ctrl+M"], run: () => mode("mute") },
  { id: "bypass", word: "bypass", keys: ["Ctrl+B"], run: () => mode("bypass") },
  {
    id: "collapse",
    word: "collapse",
    keys: ["Alt+C"],
    run: () =>
      style("collapse", ({ collapsed, ...rest }) =>
        collapsed ? rest : { ...rest, collapsed: true },
      ),
  },
  {
    id: "pin",
    word: "pin",
    keys: ["P"],
    run: () => style("pin", ({ pinned, ...rest }) => (pinned ? rest : { ...rest, pinned: true })),
  },
  { id: "select-inside", word: "selectInside", keys: [], run: frames.selectInside },
  { id: "group", word: "group", keys: ["Ctrl+G"], run: frames.groupSelected },
  { id: "subgraph", word: "subgraph", keys: ["Ctrl+Shift+E"], run: makeFromSelection },
  { id: "enter", word: "enter", keys: ["E"], run: () => void enter() },
  { id: "step-out", word: "stepOut", keys: ["Escape"], run: stepOut },
  { id: "unpack", word: "unpack", keys: [], run: unpackSelected },
  { id: "note", word: "addNote", keys: [], run: () => frames.addNote(pointerPlace()) },
  {
    id: "rename",
    word: "rename",
    keys: ["F2"],
    run: () => onNode("rename"),
  },
  {
    id: "name-workflow",
    word: "nameWorkflow",
    keys: [],
    run: () => {
      if (activeTab()) usePanels.setState({ dialog: "name" });
    },
  },
  {
    id: "docs",
    word: "docs",
    keys: ["I"],
    run: () => usePanels.setState({ dialog: "docs" }),
  },
  { id: "arrange", word: "arrange", keys: ["Shift+A"], run: () => void arrangeAll() },
  { id: "align-left", word: "alignLeft", keys: [], run: aligned("left") },
  { id: "align-centre", word: "alignCentre", keys: [], run: aligned("centre") },
  { id: "align-right", word: "alignRight", keys: [], run: aligned("right") },
  { id: "align-top", word: "alignTop", keys: [], run: aligned("top") },
  { id: "align-middle", word: "alignMiddle", keys: [], run: aligned("middle") },
  { id: "align-bottom", word: "alignBottom", keys: [], run: aligned("bottom") },
  { id: "spread-across", word: "spreadAcross", keys: [], run: placed((b) => spread(b, "x")) },
  { id: "spread-down", word: "spreadDown", keys: [], run: placed((b) => spread(b, "y")) },
  { id: "fit", word: "fit", keys: ["."], run: () => fit() },
  {
    id: "fit-selection",
    word: "fitSelection",
    keys: ["Shift+."],
    run: () => fit(useCanvas.getState().selected),
  },
  { id: "queue", word: "queue", keys: ["Q"], run: panel("queue") },
  { id: "history", word: "history", keys: ["H"], run: panel("history") },
  { id: "results", word: "results", keys: ["G"], run: panel("results") },
  { id: "nodes", word: "nodes", keys: ["N"], run: panel("nodes") },
  { id: "models", word: "models", keys: ["M"], run: panel("models") },
  { id: "workflows", word: "workflows", keys: ["W"], run: panel("workflows") },
  { id: "text", word: "text", keys: ["Y"], run: panel("text") },
  {
    id: "refresh",
    word: "refresh",
    keys: ["R"],
    run: () => void api.refresh().then(() => useServer.getState().loadTypes()),
  },
];

export function command(id: string): Command | undefined {
  return COMMANDS.find((entry) => entry.id === id);
}
