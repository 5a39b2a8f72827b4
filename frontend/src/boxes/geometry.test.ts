import { describe, expect, it } from "vitest";
import type { Box } from "../api/types";
import {
  boxBetween,
  fitView,
  HANDLES,
  handleAt,
  MIN_SIDE,
  moveBox,
  resizeBox,
  toImage,
  type View,
  zoomView,
} from "./geometry";

const image = { width: 640, height: 480 };

/** Numbers in [low, high), the same at every run (mulberry32). */
function random(seed: number) {
  let a = seed;
  return (low: number, high: number) => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return low + (((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * (high - low);
  };
}

function someBoxes(n: number): Box[] {
  const next = random(7);
  const boxes: Box[] = [];
  while (boxes.length < n) {
    const at = () => ({ x: next(-200, 900), y: next(-200, 700) });
    const box = boxBetween(at(), at(), image);
    if (box) boxes.push(box);
  }
  return boxes;
}

function expectInside([x, y, width, height]: Box) {
  expect(x).toBeGreaterThanOrEqual(0);
  expect(y).toBeGreaterThanOrEqual(0);
  expect(x + width).toBeLessThanOrEqual(image.width + 0.01);
  expect(y + height).toBeLessThanOrEqual(image.height + 0.01);
  expect(Math.min(width, height)).toBeGreaterThanOrEqual(MIN_SIDE - 0.01);
}

describe("boxBetween", () => {
  it("takes the corners in any order and cuts at the image", () => {
    const expected: Box = [0, 100, 50, 380];
    expect(boxBetween({ x: -20, y: 100 }, { x: 50, y: 900 }, image)).toEqual(expected);
    expect(boxBetween({ x: 50, y: 900 }, { x: -20, y: 100 }, image)).toEqual(expected);
    expect(boxBetween({ x: 50, y: 100 }, { x: -20, y: 900 }, image)).toEqual(expected);
  });

  it("is nothing for a slip of the hand or outside of the image", () => {
    expect(boxBetween({ x: 10, y: 10 }, { x: 13, y: 90 }, image)).toBeNull();
    expect(boxBetween({ x: -50, y: 10 }, { x: -5, y: 90 }, image)).toBeNull();
  });

  it("always lies inside", () => {
    for (const box of someBoxes(200)) expectInside(box);
  });
});

describe("moveBox", () => {
  it("keeps the size and stops at the edge", () => {
    expect(moveBox([10, 20, 100, 50], 5, -3, image)).toEqual([15, 17, 100, 50]);
    expect(moveBox([10, 20, 100, 50], -500, 5000, image)).toEqual([0, 430, 100, 50]);
  });

  it("there and back again is where it was, away from the edges", () => {
    expect(moveBox(moveBox([100.5, 100.25, 50, 50], 7.3, -2.1, image), -7.3, 2.1, image)).toEqual([
      100.5, 100.25, 50, 50,
    ]);
  });
});

describe("resizeBox", () => {
  it("moves only the edges that the handle holds", () => {
    const box: Box = [100, 100, 60, 40];
    expect(resizeBox(box, "e", 10, 99, image)).toEqual([100, 100, 70, 40]);
    expect(resizeBox(box, "n", 99, -10, image)).toEqual([100, 90, 60, 50]);
    expect(resizeBox(box, "sw", -10, 5, image)).toEqual([90, 100, 70, 45]);
  });

  it("keeps the opposite corner, stays inside and never turns over", () => {
    const next = random(3);
    for (const box of someBoxes(100)) {
      for (const handle of HANDLES) {
        const opposite = { n: "s", s: "n", e: "w", w: "e", ne: "sw", sw: "ne", nw: "se", se: "nw" } as const;
        const resized = resizeBox(box, handle, next(-900, 900), next(-900, 900), image);
        expectInside(resized);
        const [before, after] = [handleAt(box, opposite[handle]), handleAt(resized, opposite[handle])];
        if (/[ew]/.test(handle)) expect(after.x).toBeCloseTo(before.x, 1);
        if (/[ns]/.test(handle)) expect(after.y).toBeCloseTo(before.y, 1);
      }
    }
  });
});

describe("views", () => {
  const viewport = { width: 1000, height: 600 };

  it("fits the whole image, centred", () => {
    const view = fitView(image, viewport, 0);
    expect(view.scale).toBe(1.25);
    expect(toImage(view, { x: 500, y: 300 })).toEqual({ x: 320, y: 240 });
  });

  it("zooms around the pointer", () => {
    let view: View = fitView(image, viewport);
    const next = random(5);
    for (let i = 0; i < 50; i++) {
      const at = { x: next(0, 1000), y: next(0, 600) };
      const before = toImage(view, at);
      view = zoomView(view, next(0.5, 2), at, 0.2);
      const after = toImage(view, at);
      expect(after.x).toBeCloseTo(before.x, 6);
      expect(after.y).toBeCloseTo(before.y, 6);
      expect(view.scale).toBeGreaterThanOrEqual(0.2);
    }
  });
});
