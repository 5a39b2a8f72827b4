import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLabelMap } from "./labelMap";
import { drawFilled, drawOutlines, makePalette, screenRect } from "./overlay";
import {
  between,
  centreOn,
  clampPan,
  fitBox,
  MAX_SCALE,
  toImage,
  toScreen,
  type Viewport,
  wheelFactor,
  zoomAt,
} from "./viewport";

const views = fc.record({
  scale: fc.double({ min: 0.02, max: 40, noNaN: true }),
  x: fc.double({ min: -2000, max: 2000, noNaN: true }),
  y: fc.double({ min: -2000, max: 2000, noNaN: true }),
});
const points = fc.record({
  x: fc.double({ min: -500, max: 1500, noNaN: true }),
  y: fc.double({ min: -500, max: 1500, noNaN: true }),
});
const screen = { width: 800, height: 600 };

describe("viewport", () => {
  it("goes from image to screen and back", () => {
    fc.assert(
      fc.property(views, points, (view, point) => {
        const back = toImage(view, toScreen(view, point));
        expect(back.x).toBeCloseTo(point.x, 6);
        expect(back.y).toBeCloseTo(point.y, 6);
      }),
    );
  });

  it("zooms around the cursor", () => {
    fc.assert(
      fc.property(views, points, fc.double({ min: 0.1, max: 10, noNaN: true }), (view, at, factor) => {
        const under = toImage(view, at);
        const zoomed = zoomAt(view, at, factor, 0.02);
        expect(zoomed.scale).toBeGreaterThanOrEqual(0.02);
        expect(zoomed.scale).toBeLessThanOrEqual(MAX_SCALE);
        const now = toScreen(zoomed, under);
        expect(now.x).toBeCloseTo(at.x, 4);
        expect(now.y).toBeCloseTo(at.y, 4);
      }),
    );
  });

  it("fits a box into the middle of the screen", () => {
    const view = fitBox({ x: 100, y: 50, width: 400, height: 100 }, screen, 20);
    expect(toScreen(view, { x: 100, y: 100 })).toEqual({ x: 20, y: 300 });
    expect(toScreen(view, { x: 500, y: 100 })).toEqual({ x: 780, y: 300 });
  });

  it("never lets the photo out of sight", () => {
    fc.assert(
      fc.property(views, (view) => {
        const image = { width: 640, height: 480 };
        const kept = clampPan(view, image, screen, 80);
        const right = toScreen(kept, { x: 640, y: 480 });
        expect(right.x).toBeGreaterThanOrEqual(Math.min(80, 640 * kept.scale) - 1e-6);
        expect(right.y).toBeGreaterThanOrEqual(Math.min(80, 480 * kept.scale) - 1e-6);
        expect(kept.x).toBeLessThanOrEqual(800 - Math.min(80, 640 * kept.scale) + 1e-6);
        expect(kept.y).toBeLessThanOrEqual(600 - Math.min(80, 480 * kept.scale) + 1e-6);
      }),
    );
  });

  it("moves gently from one view to another", () => {
    const from = centreOn({ x: 10, y: 10 }, 1, screen);
    const to = centreOn({ x: 110, y: 10 }, 4, screen);
    expect(between(from, to, 0, screen)).toEqual(from);
    expect(between(from, to, 1, screen)).toEqual(to);
    const half = between(from, to, 0.5, screen);
    expect(half.scale).toBeCloseTo(2);
    expect(toImage(half, { x: 400, y: 300 }).x).toBeCloseTo(60);
  });

  it("reads wheels in pixels, lines and pinches", () => {
    expect(wheelFactor({ deltaY: 100, deltaMode: 0, ctrlKey: false })).toBeLessThan(1);
    expect(wheelFactor({ deltaY: -3, deltaMode: 1, ctrlKey: false })).toBeGreaterThan(1.1);
    expect(wheelFactor({ deltaY: -10, deltaMode: 0, ctrlKey: true })).toBeCloseTo(Math.exp(0.1));
  });
});

const palette = makePalette(["#ff0000", "#00ff00"]);
const RED = 0xff0000ff;
const GREEN = 0xff00ff00;

describe("overlay", () => {
  const map = createLabelMap(3, 2);
  map.data.set([1, 1, 2, 0, 1, 2]);

  it("shows each pixel as a square of its colour", () => {
    const out = new Uint32Array(6 * 4);
    drawFilled(map, { scale: 2, x: 0, y: 0 }, { x0: 0, y0: 0, x1: 6, y1: 4 }, palette, out);
    const top = [RED, RED, RED, RED, GREEN, GREEN];
    const bottom = [0, 0, RED, RED, GREEN, GREEN];
    expect([...out]).toEqual([...top, ...top, ...bottom, ...bottom]);
  });

  it("shows the pixel under the centre of each screen pixel", () => {
    const out = new Uint32Array(4);
    drawFilled(map, { scale: 1, x: 0.4, y: 0 }, { x0: 0, y0: 0, x1: 4, y1: 1 }, palette, out);
    expect([...out]).toEqual([RED, RED, GREEN, 0]);
    drawFilled(map, { scale: 1, x: 0.6, y: 0 }, { x0: 0, y0: 0, x1: 4, y1: 1 }, palette, out);
    expect([...out]).toEqual([0, RED, RED, GREEN]);
  });

  it("draws a part of the screen as it draws the whole", () => {
    fc.assert(
      fc.property(
        fc.record({
          scale: fc.double({ min: 0.3, max: 9, noNaN: true }),
          x: fc.double({ min: -20, max: 20, noNaN: true }),
          y: fc.double({ min: -20, max: 20, noNaN: true }),
        }),
        fc.nat(14),
        fc.nat(9),
        fc.boolean(),
        (view: Viewport, left: number, top: number, outlined: boolean) => {
          const whole = new Uint32Array(20 * 14);
          const piece = new Uint32Array(5 * 4);
          const part = { x0: left, y0: top, x1: left + 5, y1: top + 4 };
          const screenArea = { x0: 0, y0: 0, x1: 20, y1: 14 };
          if (outlined) {
            drawOutlines(map, view, screenArea, palette, whole, 1);
            drawOutlines(map, view, part, palette, piece, 1);
          } else {
            drawFilled(map, view, screenArea, palette, whole);
            drawFilled(map, view, part, palette, piece);
          }
          for (let y = 0; y < 4; y++) {
            const row = (top + y) * 20 + left;
            expect([...piece.subarray(y * 5, y * 5 + 5)]).toEqual([...whole.subarray(row, row + 5)]);
          }
        },
      ),
    );
  });

  it("outlines leave the inside of a part clear", () => {
    const square = createLabelMap(5, 5);
    for (let y = 1; y < 4; y++) square.data.fill(1, y * 5 + 1, y * 5 + 4);
    const out = new Uint32Array(25);
    drawOutlines(square, { scale: 1, x: 0, y: 0 }, { x0: 0, y0: 0, x1: 5, y1: 5 }, palette, out, 1);
    const shown = [...out].map((v) => (v === RED ? "#" : ".")).join("");
    expect(shown.match(/.{5}/g)).toEqual([".....", ".###.", ".#.#.", ".###.", "....."]);
  });

  it("finds the screen pixels of a changed rectangle", () => {
    const screenArea = { x0: 0, y0: 0, x1: 100, y1: 100 };
    const rect = { x0: 2, y0: 3, x1: 4, y1: 5 };
    expect(screenRect(rect, { scale: 2.5, x: 1, y: 1 }, screenArea, 0)).toEqual({ x0: 6, y0: 8, x1: 11, y1: 14 });
    expect(screenRect(rect, { scale: 2.5, x: -50, y: 1 }, screenArea, 1)).toBeNull();
  });
});
