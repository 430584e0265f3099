import { Suspense, useEffect, useMemo, useState } from "react";
import { later } from "@/api/parts";
import { LinkPicker } from "@/canvas/LinkPicker";
import { selectedNodes } from "@/canvas/selection";
import { COMMANDS, command } from "@/commands/commands";
import { saveTo } from "@/commands/files";
import { useKeys } from "@/commands/keys";
import { nameWorkflow, renameNode } from "@/document/edit";
import { filePath, fileStem, isName } from "@/document/names";
import { Picker } from "@/inputs/Picker";
import { useText } from "@/language/text";
import { closeDialog, Dialog } from "@/shell/Dialog";
import { SettingsDialog } from "@/shell/SettingsDialog";
import { usePanels } from "@/state/panels";
import { renamed, useRuns } from "@/state/runs";
import { act, activeTab, currentGraph, runName, useTabs } from "@/state/tabs";

const LATER = {
  shortcuts: later(() => import("@/shell/ShortcutsDialog")),
  conflict: later(() => import("@/shell/ConflictDialog")),
  versions: later(() => import("@/shell/VersionsDialog")),
  compare: later(() => import("@/shell/CompareDialog")),
  "compare-with": later(() => import("@/shell/CompareWith")),
  sweep: later(() => import("@/sweep/SweepDialog")),
  docs: later(() => import("@/shell/DocsDialog")),
  templates: later(() => import("@/shell/TemplatesDialog")),
};

export function Dialogs() {
  const dialog = usePanels((state) => state.dialog);
  const open = dialog !== undefined;
  // A dialog may load only after the page behind it has lost the focus, which goes back there.
  const before = useMemo(
    () => (open ? (document.activeElement as HTMLElement) : undefined),
    [open],
  );
  useEffect(
    () => () => {
      if (document.activeElement === document.body) before?.focus({ preventScroll: true });
    },
    [before],
  );
  if (dialog === "palette") return <Palette />;
  if (dialog === "settings") return <SettingsDialog />;
  if (dialog === "rename") return <Rename />;
  if (dialog === "name") return <NameWorkflow />;
  if (dialog === "link") return <LinkPicker />;
  if (dialog === "save") return <SaveAs />;
  if (dialog === "taken") return <Taken />;
  if (!dialog) return null;
  const Later = LATER[dialog];
  return (
    <Suspense>
      <Later />
    </Suspense>
  );
}

function Palette() {
  const t = useText();
  const keysFor = useKeys();
  const options = COMMANDS.map(({ id, word }) => {
    const hint = keysFor(id);
    return { id, label: t[word], ...(hint ? { hint } : {}) };
  });
  return (
    <Picker
      options={options}
      at={{ x: innerWidth / 2 - 210, y: 80 }}
      label={t.palette}
      wide
      onClose={closeDialog}
      onPick={(id) => {
        closeDialog();
        command(id)?.run();
      }}
    />
  );
}

type AskProps = {
  title: string;
  value: string;
  check(value: string): boolean;
  onDone(value: string): void;
};

function Ask({ title, value, check, onDone }: AskProps) {
  const [typed, setTyped] = useState(value);
  return (
    <Dialog title={title}>
      <form
        className="ask"
        onSubmit={(event) => {
          event.preventDefault();
          if (check(typed)) onDone(typed);
        }}
      >
        <input
          autoFocus
          className="field"
          aria-label={title}
          value={typed}
          onFocus={(event) => event.target.select()}
          onChange={(event) => setTyped(event.target.value)}
        />
        <button type="submit" className="button primary" disabled={!check(typed)}>
          {title}
        </button>
      </form>
    </Dialog>
  );
}

function Rename() {
  const t = useText();
  const name = selectedNodes()[0] ?? "";
  const free = (typed: string) => isName(typed) && (typed === name || !currentGraph().nodes[typed]);
  return (
    <Ask
      title={t.rename}
      value={name}
      check={free}
      onDone={(typed) => {
        if (name && typed !== name) {
          useRuns
            .getState()
            .changeTab(useTabs.getState().active, (run) =>
              renamed(run, runName(name), runName(typed)),
            );
          act((d, scope) => renameNode(d, scope, name, typed));
        }
        closeDialog();
      }}
    />
  );
}

function NameWorkflow() {
  const t = useText();
  const name = activeTab()?.log.document.name ?? "";
  return (
    <Ask
      title={t.nameWorkflow}
      value={name}
      check={(typed) => typed.trim() !== ""}
      onDone={(typed) => {
        if (typed.trim() !== name) act((document) => nameWorkflow(document, typed));
        closeDialog();
      }}
    />
  );
}

function SaveAs() {
  const t = useText();
  const tab = activeTab();
  const stem = fileStem(tab?.log.document.name ?? "").toLowerCase();
  return (
    <Ask
      title={t.save}
      value={tab?.path ?? `${stem}.yaml`}
      check={(typed) => /^[^\\]*[^\\/\s]\s*$/.test(typed)}
      onDone={(typed) => {
        const path = filePath(typed);
        void saveTo(path, path === tab?.path ? tab.etag : undefined);
      }}
    />
  );
}

/** Another file has the name under which the document was to be saved. */
function Taken() {
  const t = useText();
  const path = usePanels(({ taken }) => taken);
  return (
    <Dialog title={t.save}>
      <p>{t.taken(path)}</p>
      <div className="choices">
        <button
          type="button"
          className="button primary"
          onClick={() => usePanels.setState({ dialog: "save" })}
        >
          {t.otherName}
        </button>
        <button type="button" className="button" onClick={() => void saveTo(path, "*")}>
          {t.overwrite}
        </button>
      </div>
    </Dialog>
  );
}
