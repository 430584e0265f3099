/** Colours as inputs hold them (red * 65536 + green * 256 + blue), as people write and choose them. */

/** Hue in degrees; saturation and value from 0 to 1. */
export type Hsv = { hue: number; saturation: number; value: number };

/** `#507090` of a number. */
export function hexOf(colour: number): string {
  return `#${Math.min(Math.max(Math.round(colour), 0), 0xffffff)
    .toString(16)
    .padStart(6, "0")}`;
}

/** The colour that people mean by `#507090`, `507090`, `#579` or `rgb(80, 112, 144)`. */
export function readColour(text: string): number | undefined {
  const typed = text.trim();
  const hex = /^(?:#|0x)?([0-9a-f]{6}|[0-9a-f]{3})$/i.exec(typed)?.[1];
  if (hex) return Number.parseInt(hex.length === 3 ? hex.replace(/./g, "$&$&") : hex, 16);
  const parts = /^(?:rgb)?\(?\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})\s*\)?$/i.exec(typed);
  const channels = parts?.slice(1).map(Number);
  if (!channels || channels.some((channel) => channel > 255)) return undefined;
  return channels.reduce((sum, channel) => sum * 256 + channel, 0);
}

export function toHsv(colour: number): Hsv {
  const [red, green, blue] = [16, 8, 0].map((shift) => ((colour >> shift) & 255) / 255) as [
    number,
    number,
    number,
  ];
  const value = Math.max(red, green, blue);
  const range = value - Math.min(red, green, blue);
  const sector =
    range === 0
      ? 0
      : value === red
        ? (green - blue) / range
        : value === green
          ? (blue - red) / range + 2
          : (red - green) / range + 4;
  return {
    hue: (sector * 60 + 360) % 360,
    saturation: value === 0 ? 0 : range / value,
    value,
  };
}

export function fromHsv({ hue, saturation, value }: Hsv): number {
  const channel = (offset: number) => {
    const k = (offset + hue / 60) % 6;
    return Math.round(255 * value * (1 - saturation * Math.max(0, Math.min(k, 4 - k, 1))));
  };
  return channel(5) * 65536 + channel(3) * 256 + channel(1);
}
