import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Body } from "../api/types";
import { Parts } from "../parts";
import type { Vec3 } from "./mesh";
import { baseColours, lighten, shownColours } from "./tinting";
import { distanceToFit, turned } from "./views";

const angles = fc.double({ min: -7, max: 7, noNaN: true });

describe("turning", () => {
  it("keeps the distance, and comes back where it was", () => {
    fc.assert(
      fc.property(angles, fc.double({ min: -1, max: 1, noNaN: true }), (around, up) => {
        const from: Vec3 = [1, 0.4, 2];
        const there = turned(from, around, up * 0.5);
        expect(Math.hypot(...there)).toBeCloseTo(Math.hypot(...from), 9);
        turned(there, -around, -up * 0.5).forEach((x, axis) => {
          expect(x).toBeCloseTo(from[axis] as number, 9);
        });
      }),
    );
  });

  it("goes a quarter around to the left side, and never over the pole", () => {
    const [x, y, z] = turned([0, 0, 2], Math.PI / 2, 0);
    expect([x, y, z].map((c) => Math.round(1e9 * c) / 1e9)).toEqual([2, 0, 0]);
    const above = turned([0, 0, 2], 0, 3);
    expect(above[1]).toBeCloseTo(2, 5);
    expect(above[2]).toBeGreaterThan(0);
  });

  it("stands farther off where the picture is narrow", () => {
    expect(distanceToFit(1, Math.PI / 3, 2)).toBeCloseTo(2, 9);
    expect(distanceToFit(1, Math.PI / 3, 0.5)).toBeGreaterThan(3);
  });
});

describe("the colours of charts", () => {
  const body = {
    parts: [
      { label: 1, name: "Nose", side: null, mirror: 1, colour: "#ff0000", charts: [1], views: [] },
      { label: 2, name: "Belly", side: null, mirror: 2, colour: "#00c809", charts: [2, 3], views: [] },
    ],
    charts: [
      { chart: 1, name: "Nose", part: 1, mirror: 1, colour: "#aa0000" },
      { chart: 2, name: "Front", part: 2, mirror: 2, colour: "#00aa00" },
      { chart: 3, name: "Back", part: 2, mirror: 3, colour: "#0000aa" },
    ],
  } as unknown as Body;
  const base = baseColours(body, Parts.of(body), "parts");

  it("by part are the body's own", () => {
    expect(base.slice(1)).toEqual(["#ff0000", "#00c809", "#00c809"]);
  });

  it("by chart are those that the server draws them in", () => {
    expect(baseColours(body, Parts.of(body), "charts").slice(1)).toEqual(["#aa0000", "#00aa00", "#0000aa"]);
  });

  it("light the chart pointed at, its part a little, and leave out all but what is singled out", () => {
    const lit = shownColours(body, base, { kind: "chart", number: 2 }, null);
    expect(lit).toEqual([null, "#ff0000", lighten("#00c809", 0.3), lighten("#00c809", 0.1)]);
    expect(shownColours(body, base, null, { kind: "part", number: 2 })).toEqual([null, null, "#00c809", "#00c809"]);
    expect(shownColours(body, base, null, { kind: "chart", number: 3 })).toEqual([null, null, null, "#00c809"]);
  });
});
