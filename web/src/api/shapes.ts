/** What the server says, as it says it. */

import type { Json, Workflow } from "@/document/workflow";

export type Problem = {
  code: string;
  message: string;
  position?: { line: number; column: number };
  node?: string;
  input?: string;
  expected?: string;
  nearest?: string[];
  hint?: string;
};

export type StoredFile = {
  path: string;
  folder: "output" | "temp" | "input";
  media_type: string;
  size: number;
  url: string;
  modified?: number;
  sha256?: string;
};

export type NodeState = "ran" | "cached" | "failed" | "skipped" | "running";

export type Artifacts = { files: StoredFile[]; text: string[] };

/** What output nodes made, by their names; in events without the files' addresses. */
export type Made = {
  [node: string]: { files: (Omit<StoredFile, "url"> & { url?: string })[]; text: string[] };
};

export type JobState = "queued" | "running" | "done" | "failed" | "cancelled";

/** An input and the value it has; index: that value's place among those of a sweep. */
export type Chosen = { node: string; input: string; value: Json; index: number };

/** A run's place in the grid of a sweep. */
export type Variant = { sweep: string; across: Chosen; down?: Chosen | null };

export type Job = {
  id: string;
  number: number;
  state: JobState;
  /** How many come before it, when the queue was looked at last. */
  position?: number | null;
  client: string | null;
  workflow: string | null;
  name: string | null;
  created: number;
  started: number | null;
  finished: number | null;
  progress: { node: string; step: number; total: number } | null;
  nodes?: {
    [name: string]: { state: NodeState; type: string; seconds: number; reason: string };
  };
  outputs: { [node: string]: Artifacts };
  error: { code: string; message: string; node?: string } | null;
  failures?: { node: string; type: string; message: string; trace?: string }[];
  seconds: number | null;
  variant?: Variant | null;
};

export type PlannedNode = {
  action: "run" | "reuse";
  tier: "memory" | "disk" | null;
  reason: string;
  seconds: number | null;
  bytes: number | null;
};

/** unknown: how many nodes that would run take a time that nobody knows yet. weights: bytes of those in memory at
 * once; unweighed: of how many nodes they are not known. */
export type Plan = {
  nodes: { [name: string]: PlannedNode };
  seconds: number | null;
  bytes: number | null;
  unknown: number;
  weights: number;
  unweighed: number;
};

export type Template = { id: string; name: string; description: string | null; nodes: number };

export type WorkflowFile = { path: string; name: string | null; modified: number; etag: string };

/** An older content of a workflow file; saved: seconds since 1970. */
export type Version = { id: string; saved: number; size: number };

/** A text and the document in it; null where the problems say why. */
export type Opened = {
  document: Workflow | null;
  problems: Problem[];
  text: string;
  path?: string;
  etag?: string;
};

export type ServerEvent = {
  type: string;
  seq?: number;
  job?: string | null;
  client?: string | null;
  data?: Record<string, unknown>;
};

export type Preview = { job: string; client: string; node: string; step: number; total: number };
