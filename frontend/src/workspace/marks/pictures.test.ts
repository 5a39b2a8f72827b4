import { describe, expect, it } from "vitest";
import { hasOpaque, partAfter, pictureSize } from "./pictures";

describe("pictureSize", () => {
  it("is never smaller than what is shown, up to the largest", () => {
    expect(pictureSize(1)).toBe(256);
    expect(pictureSize(256)).toBe(256);
    expect(pictureSize(256.5)).toBe(384);
    expect(pictureSize(4000)).toBe(1024);
  });
});

describe("partAfter", () => {
  const points = [1, 1, 6, 14, 14].map((part) => ({ part }));

  it("is the part of the first point behind the part's last", () => {
    expect(partAfter(points, 1)).toBe(6);
    expect(partAfter(points, 6)).toBe(14);
  });

  it("is none after the last part", () => expect(partAfter(points, 14)).toBeUndefined());
});

describe("hasOpaque", () => {
  const pixels = (...alphas: number[]) => alphas.flatMap((alpha) => [255, 255, 255, alpha]);

  it("is told by the alpha alone", () => {
    expect(hasOpaque(pixels(254, 0, 254))).toBe(false);
    expect(hasOpaque(pixels(254, 255, 0))).toBe(true);
  });
});
