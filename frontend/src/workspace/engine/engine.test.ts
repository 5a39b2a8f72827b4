import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { connectedComponents } from "./components";
import { floodFill } from "./fill";
import { intersect, isEmpty, union } from "./geometry";
import {
  createLabelMap,
  differingRect,
  labelAt,
  moveToRegion,
  paintPolygon,
  paintSegment,
  wholeRect,
} from "./labelMap";
import { decodeRect, decodeRuns, encodeRect, encodeRuns } from "./runs";
import { mapOf, rowsOf } from "./testMaps";

const labelMaps = fc.tuple(fc.integer({ min: 1, max: 23 }), fc.integer({ min: 1, max: 17 })).chain(([width, height]) =>
  fc
    // Few labels, so that runs grow long and cross rows.
    .array(fc.constantFrom(0, 0, 0, 1, 14), { minLength: width * height, maxLength: width * height })
    .map((labels) => ({ width, height, data: Uint8Array.from(labels) })),
);

describe("runs", () => {
  it("come back as the same map", () => {
    fc.assert(
      fc.property(labelMaps, (map) => {
        const runs = encodeRuns(map);
        expect([...decodeRuns(runs, map.width, map.height, 14).data]).toEqual([...map.data]);
        for (let k = 2; k < runs.length; k += 2) expect(runs[k]).not.toBe(runs[k - 2]);
      }),
    );
  });

  it("are row-major pairs of label and length", () => {
    expect(encodeRuns(mapOf("..11", "1...", "..ee"))).toEqual([0, 2, 1, 3, 0, 5, 14, 2]);
  });

  it("of no pixels mean an empty map", () => {
    expect([...decodeRuns([], 3, 2, 14).data]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it.each([
    ["an odd number", [1]],
    ["a label that no part has", [15, 4]],
    ["a fraction", [1, 1.5, 0, 2.5]],
    ["an empty run", [1, 0, 0, 4]],
    ["too few pixels", [1, 3]],
    ["too many pixels", [1, 5]],
  ])("are refused with %s", (_, runs) => {
    expect(() => decodeRuns(runs, 2, 2, 14)).toThrow(RangeError);
  });

  it("of a rectangle come back in place and touch nothing else", () => {
    fc.assert(
      fc.property(labelMaps, fc.array(fc.nat(30), { minLength: 4, maxLength: 4 }), (map, [a, b, c, d]) => {
        const at = (v: number | undefined, size: number) => (v ?? 0) % size;
        const x0 = at(a, map.width);
        const y0 = at(b, map.height);
        const rect = { x0, y0, x1: x0 + 1 + at(c, map.width - x0), y1: y0 + 1 + at(d, map.height - y0) };
        const runs = encodeRect(map, rect);
        const other = createLabelMap(map.width, map.height);
        other.data.fill(7);
        decodeRect(other, rect, runs);
        for (let y = 0; y < map.height; y++) {
          for (let x = 0; x < map.width; x++) {
            const inside = x >= rect.x0 && x < rect.x1 && y >= rect.y0 && y < rect.y1;
            const i = y * map.width + x;
            expect(other.data[i]).toBe(inside ? map.data[i] : 7);
          }
        }
      }),
    );
  });
});

const points = fc.record({
  x: fc.double({ min: -5, max: 25, noNaN: true }),
  y: fc.double({ min: -5, max: 25, noNaN: true }),
});

function distanceToSegment(p: { x: number; y: number }, a: typeof p, b: typeof p): number {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const square = dx * dx + dy * dy;
  const t = square === 0 ? 0 : Math.min(1, Math.max(0, ((p.x - a.x) * dx + (p.y - a.y) * dy) / square));
  return Math.hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

describe("paintSegment", () => {
  it("paints exactly the pixels whose centre is within the radius, and says where", () => {
    fc.assert(
      fc.property(points, points, fc.double({ min: 0.8, max: 8, noNaN: true }), (a, b, radius) => {
        const map = createLabelMap(20, 18);
        const dirty = paintSegment(map, a, b, radius, 5);
        for (let y = 0; y < map.height; y++) {
          for (let x = 0; x < map.width; x++) {
            const distance = distanceToSegment({ x: x + 0.5, y: y + 0.5 }, a, b);
            const painted = map.data[y * map.width + x] === 5;
            // Within rounding of the edge either answer is right.
            if (Math.abs(distance - radius) > 1e-6) expect(painted).toBe(distance < radius);
            if (painted) {
              expect(dirty).not.toBeNull();
              expect(isEmpty(intersect(dirty ?? wholeRect(map), { x0: x, y0: y, x1: x + 1, y1: y + 1 }))).toBe(false);
            }
          }
        }
      }),
    );
  });

  it("paints the pixel under a brush that is thinner than a pixel", () => {
    const map = createLabelMap(3, 3);
    paintSegment(map, { x: 1.1, y: 1.9 }, { x: 1.1, y: 1.9 }, 0.1, 4);
    expect(labelAt(map, { x: 1.1, y: 1.9 })).toBe(4);
  });

  it("leaves other parts alone when only the empty is painted", () => {
    const map = mapOf(".22.", ".22.");
    paintSegment(map, { x: 0, y: 1 }, { x: 4, y: 1 }, 3, 5, true);
    expect(rowsOf(map)).toEqual(["5225", "5225"]);
  });

  it("does nothing beside the map", () => {
    expect(paintSegment(createLabelMap(4, 4), { x: 20, y: 20 }, { x: 30, y: 20 }, 3, 5)).toBeNull();
  });
});

describe("paintPolygon", () => {
  it("fills what is inside, each pixel by its centre", () => {
    const map = createLabelMap(6, 5);
    paintPolygon(
      map,
      [
        { x: 1, y: 1 },
        { x: 5, y: 1 },
        { x: 5, y: 4 },
        { x: 1, y: 4 },
      ],
      3,
    );
    expect(rowsOf(map)).toEqual(["......", ".3333.", ".3333.", ".3333.", "......"]);
  });

  it("of two neighbours leaves no gap and no overlap along their common edge", () => {
    fc.assert(
      fc.property(points, points, points, points, (a, b, c, d) => {
        // The edge a-b is shared; c and d are whatever lies on either side.
        const both = createLabelMap(20, 20);
        const first = createLabelMap(20, 20);
        const second = createLabelMap(20, 20);
        paintPolygon(first, [a, b, c], 1);
        paintPolygon(second, [b, a, d], 1);
        paintPolygon(both, [a, c, b, d], 1);
        for (let i = 0; i < both.data.length; i++) {
          expect(((first.data[i] as number) + (second.data[i] as number)) % 2).toBe(both.data[i]);
        }
      }),
    );
  });

  it("needs three points", () => {
    expect(
      paintPolygon(
        createLabelMap(4, 4),
        [
          { x: 0, y: 0 },
          { x: 4, y: 4 },
        ],
        1,
      ),
    ).toBeNull();
  });
});

describe("floodFill", () => {
  it("fills an outline", () => {
    const map = mapOf(".....", ".111.", ".1.1.", ".111.", ".....");
    expect(floodFill(map, { x: 2.5, y: 2.5 }, 4)).toEqual({ dirty: { x0: 2, y0: 2, x1: 3, y1: 3 } });
    expect(rowsOf(map)).toEqual([".....", ".111.", ".141.", ".111.", "....."]);
  });

  it("refuses the background and leaves the map as it was", () => {
    const map = mapOf(".....", ".111.", ".1...", ".111.", ".....");
    const before = rowsOf(map);
    expect(floodFill(map, { x: 2.5, y: 2.5 }, 4)).toEqual({ refused: "open" });
    expect(rowsOf(map)).toEqual(before);
  });

  it.each([
    ["left", ["111", "..1", "111"]],
    ["top", ["1.1", "1.1", "111"]],
    ["right", ["111", "1..", "111"]],
    ["bottom", ["111", "1.1", "1.1"]],
  ])("takes an area that reaches the %s border for background", (_, rows) => {
    const map = mapOf(...rows);
    const empty = map.data.indexOf(0);
    const at = { x: (empty % map.width) + 0.5, y: Math.floor(empty / map.width) + 0.5 };
    expect(floodFill(map, at, 4)).toEqual({ refused: "open" });
  });

  it("gives a painted area another part, at the border too", () => {
    const map = mapOf("22.22", "2...2");
    floodFill(map, { x: 0.5, y: 1.5 }, 3);
    expect(rowsOf(map)).toEqual(["33.22", "3...2"]);
  });

  it("agrees with the connected component under the point", () => {
    fc.assert(
      fc.property(labelMaps, fc.nat(), (map, n) => {
        const i = n % map.data.length;
        const point = { x: (i % map.width) + 0.5, y: Math.floor(i / map.width) + 0.5 };
        const before = map.data.slice();
        const component = connectedComponents(map).find((c) => {
          for (let k = 0; k < c.spans.length; k += 3) {
            const [y, x0, x1] = c.spans.slice(k, k + 3) as [number, number, number];
            if (Math.floor(point.y) === y && point.x > x0 && point.x < x1) return true;
          }
          return false;
        });
        const result = floodFill(map, point, 9);
        const changed = map.data.reduce((sum, label, k) => sum + (label !== before[k] ? 1 : 0), 0);
        if (component?.label === 0 && component.atBorder) {
          expect(result).toEqual({ refused: "open" });
          expect(changed).toBe(0);
        } else {
          expect(result).toEqual({ dirty: component?.rect });
          expect(changed).toBe(component?.area);
        }
      }),
    );
  });
});

describe("geometry", () => {
  it("knows that nothing adds nothing", () => {
    const rect = { x0: 1, y0: 1, x1: 3, y1: 2 };
    expect(union(null, rect)).toEqual(rect);
    expect(union(rect, { x0: 9, y0: 9, x1: 9, y1: 12 })).toEqual(rect);
    expect(union(null, null)).toBeNull();
    expect(union(rect, { x0: 0, y0: 5, x1: 2, y1: 6 })).toEqual({ x0: 0, y0: 1, x1: 3, y1: 6 });
  });
});

describe("differingRect", () => {
  it("is the smallest rectangle that holds every difference", () => {
    fc.assert(
      fc.property(labelMaps, fc.array(fc.nat(), { maxLength: 3 }), (map, places) => {
        const other = { ...map, data: map.data.slice() };
        for (const place of places) other.data[place % map.data.length] = 9;
        const different = [...map.data.keys()].filter((i) => map.data[i] !== other.data[i]);
        const rect = differingRect(map, other, wholeRect(map));
        if (different.length === 0) {
          expect(rect).toBeNull();
          return;
        }
        const xs = different.map((i) => i % map.width);
        const ys = different.map((i) => Math.floor(i / map.width));
        const x1 = Math.max(...xs) + 1;
        const y1 = Math.max(...ys) + 1;
        expect(rect).toEqual({ x0: Math.min(...xs), y0: Math.min(...ys), x1, y1 });
      }),
    );
  });
});

describe("moveToRegion", () => {
  it("keeps every label at its place in the image", () => {
    const map = mapOf("12", "34");
    expect(rowsOf(moveToRegion(map, [10, 20, 2, 2], [9, 20, 4, 3]))).toEqual([".12.", ".34.", "...."]);
    expect(rowsOf(moveToRegion(map, [10, 20, 2, 2], [11, 21, 2, 2]))).toEqual(["4.", ".."]);
    expect(rowsOf(moveToRegion(map, [10, 20, 2, 2], [50, 50, 1, 2]))).toEqual([".", "."]);
  });
});
