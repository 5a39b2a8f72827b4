import { describe, expect, it } from "vitest";
import { chartTints, oklch } from "./colours";

describe("oklch", () => {
  it("knows the corners of sRGB", () => {
    expect(oklch(1, 0, 0)).toBe("#ffffff");
    expect(oklch(0, 0, 0)).toBe("#000000");
    expect(oklch(0.59987, 0, 0.3)).toBe("#808080");
    // Red is L .628, C .2577, h 29.23 degrees (Ottosson); it stands at the very corner, so chroma goes down a little.
    expect(oklch(0.62796, 0.25768, 29.234 / 360)).toMatch(/^#f[a-f][01].[01].$/);
  });

  it("lowers the chroma of what no screen can show", () => {
    expect(oklch(0.95, 0.4, 0.6)).toMatch(/^#[0-9a-f]{6}$/);
  });
});

describe("tints", () => {
  it("are distinct for forty charts of twenty parts in mirrored pairs", () => {
    const parts = Array.from({ length: 20 }, (_, n) => ({
      label: n + 1,
      mirror: n % 2 === 0 ? n + 2 : n,
      charts: [2 * n + 1, 2 * n + 2],
    }));
    const tints = chartTints(parts);
    expect(tints).toHaveLength(41);
    expect(new Set(tints).size).toBe(41);
  });
});
