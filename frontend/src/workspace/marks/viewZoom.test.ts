import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_FACTOR, panView, toTile, toView, WHOLE, zoomView } from "./viewZoom";

const unit = fc.double({ min: 0, max: 1, noNaN: true });
const steps = fc.array(
  fc.oneof(
    fc.record({ px: unit, py: unit, by: fc.double({ min: 0.3, max: 3, noNaN: true }) }),
    fc.record({ dx: fc.double({ min: -1, max: 1, noNaN: true }), dy: fc.double({ min: -1, max: 1, noNaN: true }) }),
  ),
);

describe("zooming a view", () => {
  it("never shows anything outside of it, and goes from tile to view and back", () => {
    fc.assert(
      fc.property(steps, unit, unit, (moves, px, py) => {
        let zoom = WHOLE;
        for (const move of moves) {
          zoom = "by" in move ? zoomView(zoom, move.px, move.py, move.by) : panView(zoom, move.dx, move.dy);
        }
        expect(zoom.factor).toBeGreaterThanOrEqual(1);
        expect(zoom.factor).toBeLessThanOrEqual(MAX_FACTOR);
        const at = toView(zoom, px, py);
        expect(at.x).toBeGreaterThanOrEqual(-1e-9);
        expect(at.x).toBeLessThanOrEqual(1 + 1e-9);
        const back = toTile(zoom, at.x, at.y);
        expect(back.x).toBeCloseTo(px, 9);
        expect(back.y).toBeCloseTo(py, 9);
      }),
    );
  });

  it("keeps the place under the pointer where it is", () => {
    const before = toView(WHOLE, 0.3, 0.6);
    const after = toView(zoomView(WHOLE, 0.3, 0.6, 4), 0.3, 0.6);
    expect(after.x).toBeCloseTo(before.x);
    expect(after.y).toBeCloseTo(before.y);
  });
});
