/** The active document beside another one: what is on disk, another tab, a file, a template, a run. */

import { api } from "@/api/client";
import type { Job, Opened } from "@/api/shapes";
import type { Workflow } from "@/document/workflow";
import { told } from "@/language/terms";
import { text } from "@/language/text";
import { type Compared, say, usePanels } from "@/state/panels";
import { useRuns } from "@/state/runs";
import { activeTab, isDirty, type Tab, useTabs } from "@/state/tabs";

/** A document that the active one can be compared with. */
export type Source = { id: string; label: string; detail: string; load(): Promise<Workflow> };

export const titleOfTab = ({ log, path }: Tab): string =>
  log.document.name ? told(log.document.name) : (path ?? text().untitled);

export const titleOfRun = (job: Job): string =>
  `#${job.number} ${told(job.name ?? "") || job.workflow || text().untitled}`;

function documentOf({ document }: Opened): Workflow {
  if (!document) throw new Error(text().noWorkflow);
  return document;
}

/** What the active document was when it was saved; of one without a file, when it was opened. */
function saved(tab: Tab): Source {
  const t = text();
  const { path, log } = tab;
  if (path === undefined)
    return { id: "saved", label: t.asOpened, detail: "", load: async () => log.base };
  return {
    id: "saved",
    label: t.onDisk,
    detail: path,
    load: async () => documentOf(await api.workflow(path)),
  };
}

function lastRun(tab: Tab): Source[] {
  const { tabs, jobs } = useRuns.getState();
  const id = tabs[tab.id]?.job;
  const job = id === undefined ? undefined : jobs[id];
  if (id === undefined) return [];
  const detail = job ? titleOfRun(job) : "";
  return [{ id: "run", label: text().lastRun, detail, load: () => api.jobDocument(id) }];
}

/** All that the active document can be compared with. */
export async function sources(): Promise<Source[]> {
  const tab = activeTab();
  if (!tab) return [];
  const t = text();
  const others = useTabs.getState().tabs.filter(({ id }) => id !== tab.id);
  const [{ workflows }, { templates }] = await Promise.all([api.workflows(), api.templates()]);
  return [
    saved(tab),
    ...lastRun(tab),
    ...others.map((other) => ({
      id: `tab ${other.id}`,
      label: titleOfTab(other),
      detail: [t.openTab, other.path, isDirty(other) ? "●" : ""].filter(Boolean).join(" · "),
      load: async () => other.log.document,
    })),
    ...workflows
      .filter(({ path }) => path !== tab.path)
      .map(({ path, name }) => ({
        id: `file ${path}`,
        label: name ?? path,
        detail: path,
        load: async () => documentOf(await api.workflow(path)),
      })),
    ...templates.map(({ id, name }) => ({
      id: `template ${id}`,
      label: told(name),
      detail: t.templates,
      load: async () => documentOf(await api.template(id)),
    })),
  ];
}

/** Shows what differs from a document to the active one. */
export async function compareWith({ label, detail, load }: Source): Promise<void> {
  const tab = activeTab();
  if (!tab) return;
  try {
    const title = [label, detail].filter(Boolean).join(" · ");
    const before: Compared = { title, document: await load() };
    const after: Compared = { title: text().now, document: tab.log.document };
    usePanels.setState({ dialog: "compare", compared: [before, after] });
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
  }
}

export function sinceSaved(): void {
  const tab = activeTab();
  if (tab) void compareWith(saved(tab));
}
