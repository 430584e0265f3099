/** A PNG from raw pixels (PNG specification, third edition, colour type 6). A canvas would lose
 * the colour of transparent pixels, which is what a mask's picture keeps. */

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

function crc(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (TABLE[(value ^ byte) & 255] ?? 0) ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

function chunk(name: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(data.length + 12);
  const view = new DataView(result.buffer);
  view.setUint32(0, data.length);
  result.set(new TextEncoder().encode(name), 4);
  result.set(data, 8);
  view.setUint32(data.length + 8, crc(result.subarray(4, data.length + 8)));
  return result;
}

async function through(
  data: Uint8Array<ArrayBuffer>,
  change: CompressionStream | DecompressionStream,
): Promise<Uint8Array> {
  const stream = new Blob([data]).stream().pipeThrough(change);
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** RGBA pixels, 8 bits a channel, as a PNG file. */
export async function encodePng(
  pixels: Uint8ClampedArray,
  width: number,
  height: number,
): Promise<Blob> {
  const rows = new Uint8Array((width * 4 + 1) * height);
  for (let y = 0; y < height; y++)
    rows.set(pixels.subarray(y * width * 4, (y + 1) * width * 4), y * (width * 4 + 1) + 1);
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, 6, 0, 0, 0], 8);
  const signature = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);
  const data = chunk("IDAT", await through(rows, new CompressionStream("deflate")));
  return new Blob([signature, chunk("IHDR", header), data, chunk("IEND", new Uint8Array())], {
    type: "image/png",
  });
}

/** RGBA, 8 bits a channel, colours not multiplied by alpha. */
export type Pixels = { data: Uint8ClampedArray; width: number; height: number };

/** The value that a byte was predicted from (section 9.4): left, above, and above left. */
function paeth(left: number, above: number, corner: number): number {
  const guess = left + above - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? above : corner;
}

function unfiltered(rows: Uint8Array, width: number, height: number): Uint8ClampedArray {
  const stride = width * 4;
  const data = new Uint8ClampedArray(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = rows[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x;
      const left = x >= 4 ? (data[at - 4] ?? 0) : 0;
      const above = y > 0 ? (data[at - stride] ?? 0) : 0;
      const corner = x >= 4 && y > 0 ? (data[at - stride - 4] ?? 0) : 0;
      let guess = 0;
      if (filter === 1) guess = left;
      else if (filter === 2) guess = above;
      else if (filter === 3) guess = (left + above) >> 1;
      else if (filter === 4) guess = paeth(left, above, corner);
      data[at] = ((rows[y * (stride + 1) + 1 + x] ?? 0) + guess) & 255;
    }
  }
  return data;
}

/** The pixels of a PNG of colour type 6 with 8 bits, not interlaced; undefined for all others. */
export async function decodePng(bytes: Uint8Array<ArrayBuffer>): Promise<Pixels | undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 33 || view.getUint32(0) !== 0x89504e47) return undefined;
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  if (bytes[24] !== 8 || bytes[25] !== 6 || bytes[28] !== 0) return undefined;
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    if (view.getUint32(at + 4) === 0x49444154) parts.push(bytes.slice(at + 8, at + 8 + length));
    at += length + 12;
  }
  const packed = new Uint8Array(await new Blob(parts).arrayBuffer());
  const rows = await through(packed, new DecompressionStream("deflate"));
  if (rows.length !== (width * 4 + 1) * height) return undefined;
  return { data: unfiltered(rows, width, height), width, height };
}

/** The pixels of a picture; where it is no such PNG, what is wholly transparent has lost its colour. */
export async function readPixels(address: string): Promise<Pixels> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  const file = await response.blob();
  const decoded = await decodePng(new Uint8Array(await file.arrayBuffer()));
  if (decoded) return decoded;
  const bitmap = await createImageBitmap(file);
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  if (!context) throw new Error(`${address}: no canvas of ${width} x ${height}`);
  context.drawImage(bitmap, 0, 0);
  return { data: context.getImageData(0, 0, width, height).data, width, height };
}
