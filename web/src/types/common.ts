/** Which node types people want most, so that these come first before anything was ever used. */

import type { NodeType } from "@/types/nodeType";

const COMMON = [
  "KSampler",
  "VAEDecode",
  "CLIPTextEncode",
  "SaveImage",
  "PreviewImage",
  "CheckpointLoaderSimple",
  "EmptyLatentImage",
  "LoadImage",
  "LoraLoader",
  "VAEEncode",
  "VAEEncodeForInpaint",
  "ControlNetApplyAdvanced",
  "ControlNetLoader",
  "UpscaleModelLoader",
  "ImageUpscaleWithModel",
  "LatentUpscaleBy",
  "ImageScale",
  "ImageScaleBy",
  "VAELoader",
  "CLIPSetLastLayer",
  "ConditioningCombine",
  "KSamplerAdvanced",
  "Reroute",
];

/** How much a type is wanted: a few points for what is common, more for what was used here. */
export function rankOf({ id, deprecated }: NodeType, used: { [type: string]: number }): number {
  const at = COMMON.indexOf(id);
  const common = at < 0 ? 0 : 6 - (at * 4) / COMMON.length;
  return common + Math.min(used[id] ?? 0, 10) * 2 - (deprecated ? 20 : 0);
}
