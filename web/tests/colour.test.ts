import { describe, expect, it } from "vitest";
import { fromHsv, hexOf, readColour, toHsv } from "@/text/colour";

describe("colours", () => {
  it("are read as people write them", () => {
    for (const text of [
      "#507090",
      "507090",
      "0x507090",
      "#507090 ",
      "rgb(80, 112,144)",
      "80 112 144",
    ])
      expect(readColour(text)).toBe(0x507090);
    expect(readColour("#f80")).toBe(0xff8800);
  });

  it("are not guessed from what is none", () => {
    for (const text of ["", "red", "#50709", "#5070900", "256, 0, 0", "1 2"])
      expect(readColour(text)).toBeUndefined();
  });

  it("are shown within what three bytes hold", () => {
    expect(hexOf(0x00000f)).toBe("#00000f");
    expect(hexOf(-1)).toBe("#000000");
    expect(hexOf(1e9)).toBe("#ffffff");
  });

  it("come back from hue, saturation and value", () => {
    for (let colour = 0; colour <= 0xffffff; colour += 4093)
      expect(fromHsv(toHsv(colour))).toBe(colour);
    expect(toHsv(0x00ff00)).toEqual({ hue: 120, saturation: 1, value: 1 });
    expect(toHsv(0x808080).saturation).toBe(0);
  });
});
