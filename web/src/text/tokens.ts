/** How long a prompt is for CLIP, roughly: only the server has the tokenizer. */

/** Tokens of the prompt that CLIP reads at once; longer prompts are read in chunks. */
export const CHUNK = 75;

/** Words and marks as CLIP's tokenizer would roughly split them. */
export function roughTokens(text: string): number {
  return text.replace(/\(|\)|:[\d.]+/g, " ").match(/[\p{L}]{1,7}|\d|[^\s\p{L}\d]+/gu)?.length ?? 0;
}

export function chunksOf(tokens: number): number {
  return Math.max(1, Math.ceil(tokens / CHUNK));
}
