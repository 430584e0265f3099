/** Opening and saving: files of the server, files dropped on the page, templates. */

import { ApiError, api } from "@/api/client";
import type { Opened } from "@/api/shapes";
import { arrange, withProblems } from "@/canvas/arrange";
import { addPicture } from "@/commands/adding";
import { fileStem } from "@/document/names";
import { apply, Draft } from "@/document/operation";
import { EMPTY, type Json, type Place, type Workflow } from "@/document/workflow";
import { text } from "@/language/text";
import { showRun } from "@/run/follow";
import { say, usePanels } from "@/state/panels";
import { NO_RUN, useRuns } from "@/state/runs";
import { takesWhole } from "@/state/server";
import { act, activeTab, documentOf, type Tab, useTabs } from "@/state/tabs";

/** The document with a place for every node, and room for what the server has against it. */
async function placed(workflow: Workflow, sound = false): Promise<Workflow> {
  const { layout, ...document } = workflow;
  const places = layout?.nodes ?? {};
  if (Object.keys(workflow.nodes).every((name) => places[name])) return workflow;
  const problems = sound
    ? []
    : await api.validate(document).then(
        (answer) => answer.problems,
        () => [],
      );
  const found = await arrange(workflow, withProblems(workflow, problems));
  const draft = new Draft(workflow);
  for (const [name, place] of Object.entries(found)) draft.set(["layout", "nodes", name], place);
  return apply(workflow, draft.patches);
}

/** Opens a document in a tab of its own, whose id it returns. */
export async function open(workflow: Workflow, more: Partial<Tab> = {}): Promise<string> {
  const shown = Object.keys(workflow.inputs ?? {}).length > 0;
  return useTabs
    .getState()
    .open(await placed(workflow, more.given), { view: shown ? "form" : "graph", ...more });
}

/** The document of a run that is over, with what it made. */
export async function openRun(job: string): Promise<void> {
  const tab = await open(await api.jobDocument(job));
  useRuns.getState().changeTab(tab, () => ({ ...NO_RUN, job, ran: documentOf(tab)?.nodes ?? {} }));
  await showRun(tab, job);
}

export function newTab(): void {
  useTabs.getState().open(EMPTY);
}

export async function openTemplate(id: string, more: Partial<Tab> = {}): Promise<void> {
  const { document, text: source } = await api.template(id);
  if (document) await open(document, { text: source, ...more });
}

export async function openSaved(path: string): Promise<void> {
  const { tabs, show } = useTabs.getState();
  const there = tabs.find((tab) => tab.path === path || tab.lost?.to === path);
  if (there) return show(there.id);
  const { document, problems, text: source, etag } = await api.workflow(path);
  if (document) await open(document, { path, text: source, ...(etag ? { etag } : {}) });
  else say(`${path}: ${problems[0]?.message ?? text().noWorkflow}`);
}

/** Another content for the active tab, as one edit that can be undone. */
export async function replaceDocument(workflow: Workflow, label = "replace"): Promise<void> {
  const next = (await placed(workflow)) as unknown as { [key: string]: Json };
  act((document) => {
    const before = document as unknown as { [key: string]: Json };
    const draft = new Draft(document);
    for (const key of new Set([...Object.keys(before), ...Object.keys(next)]))
      if (JSON.stringify(before[key]) !== JSON.stringify(next[key])) draft.set([key], next[key]);
    return draft.done(label);
  });
}

/** The file as it is now on disk; undo brings one's own edits back. */
export async function takeFile({ document, text: source, etag }: Opened): Promise<void> {
  const tab = activeTab();
  if (!tab || !document) return;
  await replaceDocument(document, "take");
  useTabs.getState().change(tab.id, {
    text: source,
    ...(etag ? { etag, theirs: etag } : {}),
    saved: activeTab()?.log.revision ?? 0,
  });
}

/**
 * Opens a file from this machine: a picture with a workflow inside, JSON or YAML. A picture without one
 * that was dropped on the graph comes as a node that loads it. False where it is none.
 */
export async function openBlob(file: File, place?: Place): Promise<boolean> {
  const picture = file.type.startsWith("image/");
  try {
    const source = picture ? "" : await file.text();
    const { document } = picture ? await api.convertPicture(file) : await api.convertText(source);
    // JSON has no comments to keep.
    await open(document, /\.ya?ml$/i.test(file.name) ? { text: source } : {});
    say(text().opened(file.name));
    return true;
  } catch (error) {
    const none = picture && error instanceof ApiError && error.status === 422;
    if (none && place && activeTab()?.view === "graph") return addPicture(file, place);
    say(error instanceof ApiError ? error.message : text().noWorkflow);
    return false;
  }
}

export function openFile(): void {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = ".yaml,.yml,.json,image/png,image/webp,image/jpeg";
  input.onchange = () => {
    for (const file of input.files ?? []) void openBlob(file);
  };
  input.click();
}

/** The document as YAML with the comments of the text it came from. */
export async function yamlOf(tab: Tab): Promise<string> {
  const { writeYaml } = await import("@/document/yaml");
  return writeYaml(tab.log.document, takesWhole(tab.log.document), tab.text);
}

async function write(tab: Tab, path: string, etag: string | undefined): Promise<void> {
  const content = path.endsWith(".json")
    ? { document: tab.log.document }
    : { text: await yamlOf(tab) };
  const saved = await api.save(path, content, etag);
  useTabs.getState().change(tab.id, {
    path,
    ...("text" in content ? { text: content.text } : {}),
    etag: saved.etag,
    theirs: saved.etag,
    lost: undefined,
    saved: tab.log.revision,
  });
  say(`${text().saved}: ${path}`);
}

export async function save(as = false): Promise<void> {
  const tab = activeTab();
  if (!tab) return;
  if (as || !tab.path) return usePanels.setState({ dialog: "save" });
  if (tab.lost) return usePanels.setState({ dialog: "conflict" });
  await saveTo(tab.path, tab.etag);
}

/** Saves the active document; a file that changed meanwhile asks what to do. */
export async function saveTo(path: string, etag?: string): Promise<void> {
  const tab = activeTab();
  if (!tab) return;
  try {
    await write(tab, path, etag);
    usePanels.setState({ dialog: undefined });
  } catch (error) {
    if (error instanceof ApiError && (error.status === 412 || error.status === 428))
      usePanels.setState(
        path === tab.path ? { dialog: "conflict" } : { dialog: "taken", taken: path },
      );
    else say(error instanceof Error ? error.message : String(error));
  }
}

export async function download(): Promise<void> {
  const tab = activeTab();
  if (!tab) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([await yamlOf(tab)], { type: "application/yaml" }));
  link.download = `${fileStem(tab.path ?? tab.log.document.name ?? "")}.yaml`;
  link.click();
  URL.revokeObjectURL(link.href);
}
