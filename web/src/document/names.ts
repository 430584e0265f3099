/** Names for new nodes: short, lower-case, unique; no dot, no `$`, no white space. */

const KNOWN: Record<string, string> = {
  CheckpointLoaderSimple: "checkpoint",
  CLIPTextEncode: "prompt",
  EmptyLatentImage: "canvas",
  KSampler: "sampler",
  KSamplerAdvanced: "sampler",
  VAEDecode: "image",
  VAEEncode: "encoded",
  SaveImage: "save",
  PreviewImage: "preview",
  LoadImage: "picture",
  LoraLoader: "lora",
};

export function isName(text: string): boolean {
  return text.length > 0 && !/[.$\s]/.test(text);
}

/** `ImageScaleBy` gives `image_scale_by`. */
export function nameFor(type: string): string {
  const known = KNOWN[type];
  if (known) return known;
  const words = type
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[.$\s/|:]+/g, "_");
  return words || "node";
}

/** A name for a file, without an end, out of a workflow's name or path; in any script. */
export function fileStem(text: string): string {
  const words = text.replace(/\.(ya?ml|json)$/i, "").replace(/[^\p{L}\p{M}\p{N}]+/gu, "_");
  return words.replace(/^_|_$/g, "") || "workflow";
}

/** The file that somebody means who leaves its end out or says another. */
export function filePath(typed: string): string {
  const path = typed.trim();
  return /\.(yaml|json)$/.test(path) ? path : `${path.replace(/\.yml$/i, "")}.yaml`;
}

export function unique(wanted: string, taken: { has(name: string): boolean }): string {
  if (!taken.has(wanted)) return wanted;
  const stem = wanted.replace(/_?\d+$/, "") || wanted;
  for (let number = 2; ; number++) {
    const name = `${stem}_${number}`;
    if (!taken.has(name)) return name;
  }
}

/** A random id. `crypto.randomUUID` is not there on a page over plain HTTP in a home network. */
export function freshId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
