import { deflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { decodePng, encodePng } from "@/inputs/png";

const bytes = async (file: Blob) => new Uint8Array(await file.arrayBuffer());

test("a picture keeps the colour of what is transparent", async () => {
  const pixels = Uint8ClampedArray.from({ length: 3 * 2 * 4 }, (_, index) => (index * 37) % 256);
  for (let i = 3; i < pixels.length; i += 8) pixels[i] = 0;
  const read = await decodePng(await bytes(await encodePng(pixels, 3, 2)));
  expect(read).toEqual({ data: pixels, width: 3, height: 2 });
});

/** One row of each filter; the checksums are not looked at. */
function filtered(): Uint8Array<ArrayBuffer> {
  const row = (filter: number) => [filter, 10, 20, 30, 40, 1, 2, 3, 4];
  const data = deflateSync(Uint8Array.from([0, 1, 2, 3, 4].flatMap(row)));
  const file = new Uint8Array(33 + 12 + data.length + 12);
  const view = new DataView(file.buffer);
  file.set([137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82]);
  view.setUint32(16, 2);
  view.setUint32(20, 5);
  file.set([8, 6, 0, 0, 0], 24);
  view.setUint32(33, data.length);
  file.set([73, 68, 65, 84], 37);
  file.set(data, 41);
  return file;
}

test("every filter of the format is undone", async () => {
  const read = await decodePng(filtered());
  const rows = [0, 1, 2, 3, 4].map((y) => [...(read?.data.slice(y * 8, y * 8 + 8) ?? [])]);
  expect(rows).toEqual([
    [10, 20, 30, 40, 1, 2, 3, 4],
    [10, 20, 30, 40, 11, 22, 33, 44],
    [20, 40, 60, 80, 12, 24, 36, 48],
    [20, 40, 60, 80, 17, 34, 51, 68],
    [30, 60, 90, 120, 31, 62, 93, 124],
  ]);
});

test("other files are left to the browser", async () => {
  expect(await decodePng(new Uint8Array(4))).toBeUndefined();
  const grey = filtered();
  grey[25] = 0;
  expect(await decodePng(grey)).toBeUndefined();
});
