/** Sizes of pictures in the input folder, looked up as they are wanted. */

import { useEffect } from "react";
import { create } from "zustand";
import type { Sizes } from "@/area/whole";
import { inputUrl } from "@/inputs/PictureField";

const usePictures = create<{ sizes: Sizes }>()(() => ({ sizes: {} }));
const asked = new Set<string>();

function ask(name: string): void {
  if (asked.has(name)) return;
  asked.add(name);
  const image = new Image();
  image.onload = () =>
    usePictures.setState(({ sizes }) => ({
      sizes: { ...sizes, [name]: { width: image.naturalWidth, height: image.naturalHeight } },
    }));
  // A file that is not there yet is asked for again when it is wanted next.
  image.onerror = () => void asked.delete(name);
  image.src = inputUrl(name);
}

export const useSizes = (): Sizes => usePictures(({ sizes }) => sizes);

export function useWanted(name: string | undefined): void {
  useEffect(() => {
    if (name !== undefined) ask(name);
  }, [name]);
}
