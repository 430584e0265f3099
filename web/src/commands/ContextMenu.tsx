import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { portType } from "@/canvas/linking";
import { selectedNodes, useCanvas } from "@/canvas/selection";
import { command } from "@/commands/commands";
import { TINTS, tintAll } from "@/commands/frames";
import { useKeys } from "@/commands/keys";
import { isSubgraph } from "@/commands/subgraphs";
import { toggleExposed } from "@/document/edit";
import { promote } from "@/document/ends";
import { referenceOf } from "@/document/reference";
import { GROUP, NOTE } from "@/document/workflow";
import { useText } from "@/language/text";
import { act, currentGraph, shownGraph } from "@/state/tabs";

/** Where the menu opens, and on what: a node, group or note by its id, or a link. */
export type MenuAt = {
  x: number;
  y: number;
  node?: string;
  inputs?: readonly string[];
  link?: OnLink;
};

export type OnLink = { insert(): void; bend(): void; cut(): void };

const ON_NODE = [
  "run-to",
  "",
  "copy",
  "duplicate",
  "delete",
  "rename",
  "link",
  "",
  "mute",
  "bypass",
  "collapse",
  "pin",
  "group",
  "subgraph",
  "",
  "docs",
];
const ON_GROUP = ["select-inside", "fit-selection", "", "copy", "duplicate", "delete"];
const ON_NOTE = ["copy", "duplicate", "delete"];
const LINK_WORDS = [
  ["insertNode", "insert"],
  ["bend", "bend"],
  ["cutLink", "cut"],
] as const;
const ON_SEVERAL = [
  "",
  "align-left",
  "align-right",
  "align-top",
  "align-bottom",
  "spread-across",
  "spread-down",
];
const ON_SUBGRAPH = ["enter", "unpack", ""];
const ON_PANE = [
  "add",
  "note",
  "paste",
  "paste-linked",
  "",
  "undo",
  "redo",
  "select-all",
  "",
  "arrange",
  "fit",
];

function entriesFor({ node, link }: MenuAt, isGraph: boolean, several: boolean): string[] {
  if (link) return [];
  if (!node) return ON_PANE;
  if (node.startsWith(GROUP)) return ON_GROUP;
  if (node.startsWith(NOTE)) return ON_NOTE;
  return [...(isGraph ? ON_SUBGRAPH : []), ...ON_NODE, ...(several ? ON_SEVERAL : [])];
}

/** In the workflow: shows inputs in the form. In a subgraph: makes them the subgraph's own. */
function expose(node: string, inputs: readonly string[]): void {
  if (shownGraph().scope.length === 0) {
    act((document) => toggleExposed(document, node, inputs));
    return;
  }
  for (const input of inputs)
    act((document, scope) =>
      promote(document, scope, node, input, portType({ node, port: input }, "in")),
    );
}

/** What can be done here. */
export function ContextMenu({ at, onClose }: { at: MenuAt; onClose(): void }) {
  const t = useText();
  const keysFor = useKeys();
  const menu = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(at.y);
  const [before] = useState(() => document.activeElement as HTMLElement | null);
  useLayoutEffect(() => {
    const height = menu.current?.offsetHeight ?? 0;
    setTop(Math.max(8, Math.min(at.y, innerHeight - height - 8)));
  }, [at]);
  useEffect(() => {
    menu.current?.querySelector("button")?.focus();
    const away = (event: PointerEvent) => {
      if (!menu.current?.contains(event.target as Node)) onClose();
    };
    window.addEventListener("pointerdown", away, true);
    return () => window.removeEventListener("pointerdown", away, true);
  }, [onClose]);
  useEffect(
    () => () => {
      if (document.activeElement === document.body) before?.focus({ preventScroll: true });
    },
    [before],
  );
  const { scope } = shownGraph();
  const inside = scope.length > 0;
  const several = selectedNodes().length > 1;
  const onNode = at.node !== undefined && isSubgraph(at.node);
  const entries = entriesFor(at, onNode, several);
  const inputs = at.inputs ?? [];
  const data = currentGraph().nodes[at.node ?? ""];
  const given = inputs.some((input) => referenceOf(data?.[input]));
  const exposed = new Set(Object.values(currentGraph().inputs ?? {}));
  const shown = !inside && inputs.every((input) => exposed.has(`$${at.node}.${input}`));

  function move(event: React.KeyboardEvent): void {
    const items = [...(menu.current?.querySelectorAll("button") ?? [])];
    const here = items.indexOf(document.activeElement as HTMLButtonElement);
    if (event.key === "ArrowDown") items[(here + 1) % items.length]?.focus();
    else if (event.key === "ArrowUp") items[(here - 1 + items.length) % items.length]?.focus();
    else if (event.key === "Escape") onClose();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return createPortal(
    <div
      ref={menu}
      className="menu"
      role="menu"
      tabIndex={-1}
      aria-label={t.menu}
      style={{ left: Math.min(at.x, innerWidth - 240), top }}
      onKeyDown={move}
    >
      {at.node && inputs.length > 0 && !(inside && given) && (
        <button
          type="button"
          role="menuitem"
          onClick={() => {
            expose(at.node as string, inputs);
            onClose();
          }}
        >
          {inside ? t.promote : shown ? t.hide : t.expose}: {inputs.join(", ")}
        </button>
      )}
      {at.link &&
        LINK_WORDS.map(([word, act]) => (
          <button
            type="button"
            role="menuitem"
            key={act}
            onClick={() => {
              onClose();
              at.link?.[act]();
            }}
          >
            {t[word]}
          </button>
        ))}
      {entries.map((id, index) => {
        const entry = command(id);
        if (!entry) return <hr key={index} />;
        return (
          <button
            type="button"
            role="menuitem"
            key={id}
            onClick={() => {
              // What the command opens gives the focus back there.
              before?.focus({ preventScroll: true });
              onClose();
              if (at.node && !useCanvas.getState().selected.includes(at.node))
                useCanvas.setState({ selected: [at.node] });
              entry.run();
            }}
          >
            {t[entry.word]}
            {keysFor(id) && <kbd>{keysFor(id)}</kbd>}
          </button>
        );
      })}
      {at.node && !at.node.startsWith(NOTE) && <Colours node={at.node} onClose={onClose} />}
    </div>,
    document.body,
  );
}

/** The tints of node heads and groups; the first is none. */
function Colours({ node, onClose }: { node: string; onClose(): void }) {
  const t = useText();
  return (
    <div className="menu-colours" role="group" aria-label={t.colour}>
      {TINTS.map((tint) => (
        <button
          type="button"
          role="menuitem"
          key={tint ?? ""}
          aria-label={`${t.colour}: ${tint ?? t.none}`}
          style={{ "--tint": tint } as React.CSSProperties}
          onClick={() => {
            const { selected } = useCanvas.getState();
            tintAll(selected.includes(node) ? selected : [node], tint);
            onClose();
          }}
        />
      ))}
    </div>
  );
}
