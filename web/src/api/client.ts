/** Calls of the server. Every failure is an `ApiError` with what the server said. */

import type {
  Artifacts,
  Job,
  Made,
  Opened,
  Plan,
  Problem,
  StoredFile,
  Template,
  Variant,
  Version,
  WorkflowFile,
} from "@/api/shapes";
import { parseJson } from "@/document/json";
import type { Workflow } from "@/document/workflow";
import type { Model } from "@/types/families";
import type { NodeTypes } from "@/types/nodeType";

export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
    readonly problems: Problem[],
  ) {
    super(message);
  }
}

type Body = { title?: string; detail?: string; code?: string; problems?: Problem[] };

export const ROOT = new URL("api/v1/", document.baseURI);

async function call(method: string, path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(new URL(path, ROOT), {
      method,
      credentials: "same-origin",
      ...init,
    });
  } catch {
    throw new ApiError("the server does not answer", 0, "offline", []);
  }
  if (response.ok) return response;
  const body = (await response.json().catch(() => ({}))) as Body;
  const message = body.detail || body.title || response.statusText;
  throw new ApiError(message, response.status, body.code ?? "error", body.problems ?? []);
}

async function read<T>(path: string): Promise<T> {
  return parseJson(await (await call("GET", path)).text()) as T;
}

/** Browsers let a closing page still send 64 KiB; a character has up to three bytes. */
const KEEPALIVE = 20_000;

async function send<T>(
  method: string,
  path: string,
  content: unknown,
  headers: Record<string, string> = {},
  leaving = false,
): Promise<T> {
  const body = JSON.stringify(content);
  const response = await call(method, path, {
    body,
    keepalive: leaving && body.length < KEEPALIVE,
    headers: { "Content-Type": "application/json", ...headers },
  });
  const text = await response.text();
  return (text ? parseJson(text) : undefined) as T;
}

const inUrl = (path: string) => path.split("/").map(encodeURIComponent).join("/");

export type Submit = {
  document: Workflow;
  client: string;
  only?: string[];
  front?: boolean;
  again?: boolean;
  workflow?: string;
  id?: string;
  variant?: Variant;
};

/** revision: the one that was read or written last. */
type Draft = { content: unknown; title: string; revision?: number };

export const api = {
  nodeTypes: () => read<NodeTypes>("node-types"),
  modelKinds: () => read<{ kinds: { [kind: string]: number } }>("models"),
  refresh: () => send<void>("POST", "node-types/refresh", {}),
  templates: () => read<{ templates: Template[] }>("templates"),
  template: (id: string) => read<Opened>(`templates/${encodeURIComponent(id)}`),
  workflows: () => read<{ workflows: WorkflowFile[] }>("workflows"),
  workflow: (path: string) => read<Opened>(`workflows/${inUrl(path)}`),
  versions: (path: string) => read<{ versions: Version[] }>(`workflows/${inUrl(path)}/versions`),
  version: (path: string, id: string) => read<Opened>(`workflows/${inUrl(path)}/versions/${id}`),
  save: (path: string, content: { document: Workflow } | { text: string }, etag?: string) =>
    send<{ path: string; etag: string }>(
      "PUT",
      `workflows/${inUrl(path)}`,
      content,
      etag === undefined ? { "If-None-Match": "*" } : { "If-Match": etag },
    ),
  validate: (document: Workflow) =>
    send<{ valid: boolean; problems: Problem[] }>("POST", "validate", { document }),
  plan: (asked: Pick<Submit, "document" | "client" | "only" | "workflow">) =>
    send<Plan>("POST", "plan", asked),
  convertText: (text: string) =>
    send<{ document: Workflow; format: string; warnings: Problem[] }>("POST", "convert", { text }),
  async convertPicture(file: Blob): Promise<{ document: Workflow; format: string }> {
    const headers = { "Content-Type": file.type || "image/png" };
    const response = await call("POST", "convert", { body: file, headers });
    return parseJson(await response.text()) as { document: Workflow; format: string };
  },
  submit: (job: Submit) => send<Job>("POST", "jobs", job),
  job: (id: string) => read<Job>(`jobs/${id}`),
  jobs: (query: string) => read<{ jobs: Job[]; next: number | null }>(`jobs?${query}`),
  jobDocument: (id: string) => read<Workflow>(`jobs/${id}/document`),
  queue: () => read<{ paused: boolean; running: Job[]; queued: Job[] }>("queue"),
  cancel: (id: string) => send<Job>("POST", `jobs/${id}/cancel`, {}),
  cancelAll: (ids: string[]) => send<void>("POST", "jobs/cancel", { ids }),
  retry: (id: string) => send<Job>("POST", `jobs/${id}/retry`, {}),
  moveToFront: (id: string) => send<Job>("POST", `jobs/${id}/move`, { to: "front" }),
  pause: (on: boolean) => send<void>("POST", `queue/${on ? "pause" : "resume"}`, {}),
  models: (kind: string) => read<{ models: { name: string }[] }>(`models/${kind}`),
  modelLooks: (kind: string) => read<{ models: Model[] }>(`models/${kind}?looks=true`),
  files: (folder: string, search: string, after: number) =>
    read<{ files: StoredFile[]; next: number | null }>(
      `files/${folder}?${new URLSearchParams({ search, after: String(after), limit: "200" })}`,
    ),
  /** A small picture of an input file as it is now. */
  async thumbnail(name: string): Promise<{ etag: string; picture: Blob }> {
    const path = `files/input/${inUrl(name)}?thumbnail=512`;
    const response = await call("GET", path, { cache: "no-cache" });
    return { etag: response.headers.get("ETag") ?? "", picture: await response.blob() };
  },
  async upload(file: Blob, name: string): Promise<StoredFile> {
    const form = new FormData();
    form.append("file", file, name);
    const response = await call("POST", "files", { body: form });
    return (await response.json()) as StoredFile;
  },
  drafts: () => read<{ drafts: { id: string; updated: number }[] }>("drafts"),
  draft: (id: string) => read<{ content: unknown; revision: number }>(`drafts/${id}`),
  saveDraft: (id: string, draft: Draft, leaving: boolean) =>
    send<{ revision: number }>("PUT", `drafts/${id}`, draft, {}, leaving),
  deleteDraft: (id: string) => call("DELETE", `drafts/${id}`),
};

/** The address of the small picture beside a model. */
export function modelPicture(kind: string, name: string): string {
  return `api/v1/models/${kind}/${inUrl(name)}/preview?size=96`;
}

/** The address of what a template makes. */
export function templatePicture(id: string): string {
  return `api/v1/templates/${encodeURIComponent(id)}/picture`;
}

type Addressed = Pick<StoredFile, "url" | "sha256" | "modified">;

/** A file's address, another one for another content. */
export function fileUrl({ url, sha256, modified }: Addressed, thumbnail?: number): string {
  const v = sha256?.slice(0, 16) ?? modified;
  const how = new URLSearchParams({
    ...(thumbnail ? { thumbnail: String(thumbnail) } : {}),
    ...(v ? { v: String(v) } : {}),
  });
  return how.size > 0 ? `${url}${url.includes("?") ? "&" : "?"}${how}` : url;
}

/** The same with an address for every file. */
export function located(made: Made): { [node: string]: Artifacts } {
  const one = ({ files, text }: Made[string]): Artifacts => ({
    files: files.map((file) => ({
      ...file,
      url: file.url ?? `/api/v1/files/${file.folder}/${inUrl(file.path)}`,
    })),
    text,
  });
  return Object.fromEntries(Object.entries(made).map(([node, parts]) => [node, one(parts)]));
}
