import { describe, expect, it } from "vitest";
import { HUMAN } from "@/parts";
import { foldSpecks, inspectMask, SLIP_PIXELS, type Warning } from "./checks";
import { mapOf } from "./testMaps";

/** Rows of a map scaled up `n` times, so that shapes are larger than slips of the hand. */
function enlarged(n: number, ...rows: string[]) {
  const wide = rows.map((row) => [...row].map((c) => c.repeat(n)).join(""));
  return mapOf(...wide.flatMap((row) => new Array<string>(n).fill(row)));
}

describe("inspectMask", () => {
  it("counts the pixels of each part", () => {
    const { areas, warnings } = inspectMask(mapOf("....", ".11e", "....", "...."), HUMAN);
    expect(areas[1]).toBe(2);
    expect(areas[14]).toBe(1);
    expect(warnings.map(({ kind, label }) => [kind, label])).toEqual([
      ["stray", 1],
      ["stray", 14],
    ]);
  });

  it("finds an island and what to paint over it", () => {
    const map = enlarged(8, ".....", ".111.", ".111.", ".....");
    map.data[0] = 1;
    const { warnings } = inspectMask(map, HUMAN);
    expect(warnings).toMatchObject([{ kind: "island", label: 1, area: 1, repairs: [{ label: 0 }] }]);
    expect(warnings[0]?.rect).toEqual({ x0: 0, y0: 0, x1: 1, y1: 1 });
  });

  it("finds a hole and the part around it, but no gap that is open", () => {
    const map = enlarged(8, ".....", ".111.", ".1.1.", ".111.", ".....");
    const small = enlarged(3, ".....", ".111.", ".1.1.", ".111.", ".....");
    expect(inspectMask(map, HUMAN).warnings).toEqual([]);
    expect(inspectMask(small, HUMAN).warnings).toMatchObject([
      { kind: "hole", label: 1, area: 9, repairs: [{ label: 1 }] },
    ]);
  });

  it("suspects a left hand on the right arm", () => {
    const map = enlarged(8, ".........", ".ddd33...", ".......cc", ".........");
    expect(inspectMask(map, HUMAN).warnings).toMatchObject([{ kind: "side", label: 3, beside: 13 }]);
  });

  it("trusts a left hand that touches both arms, and one whose arm is hidden beside a painted other", () => {
    expect(inspectMask(enlarged(8, ".......", ".dd33cc", "......."), HUMAN).warnings).toEqual([]);
    expect(inspectMask(enlarged(8, ".......", ".dd.33.", "......."), HUMAN).warnings).toEqual([]);
  });

  it("takes a whole part of a few pixels, however scattered, for a stray click that the part around it replaces", () => {
    const map = enlarged(8, ".....", ".111.", ".111.", ".....");
    const at = (x: number, y: number) => y * map.width + x;
    for (const [x, y] of [
      [10, 10],
      [11, 10],
      [20, 12],
    ] as const)
      map.data[at(x, y)] = 3;
    const { warnings } = inspectMask(map, HUMAN);
    expect(warnings).toMatchObject([{ kind: "stray", label: 3, area: 3, repairs: [{ label: 1 }, { label: 1 }] }]);
    expect(warnings[0]?.rect).toEqual({ x0: 10, y0: 10, x1: 21, y1: 13 });
    map.data.fill(3, at(8, 8), at(8 + SLIP_PIXELS - 2, 8));
    expect(inspectMask(map, HUMAN).warnings.map(({ kind }) => kind)).not.toContain("stray");
  });

  it("puts mixed sides first, however much noise there is", () => {
    const map = enlarged(8, ".........", ".ddd33...", ".......cc", ".........");
    for (let k = 0; k < 10; k++) map.data[2 * k] = 14;
    map.data.fill(14, map.width * 28, map.width * 28 + 20);
    const kinds = inspectMask(map, HUMAN).warnings.map(({ kind }) => kind);
    expect(kinds).toEqual(["side", ...new Array(10).fill("island")]);
  });
});

describe("foldSpecks", () => {
  const warning = (kind: Warning["kind"], area: number): Warning => ({
    kind,
    area,
    label: 1,
    rect: { x0: 0, y0: 0, x1: 1, y1: 1 },
    repairs: [],
  });

  it("puts tiny islands and holes aside, and keeps sides, stray parts and larger ones", () => {
    const kept = [warning("side", 5), warning("stray", 2), warning("island", SLIP_PIXELS + 1)];
    const tiny = [warning("island", SLIP_PIXELS), warning("hole", 1)];
    expect(foldSpecks([...kept, ...tiny])).toEqual({ specks: tiny, rest: kept });
  });

  it("leaves a single one as it is", () => {
    expect(foldSpecks([warning("hole", 1)])).toEqual({ specks: [], rest: [warning("hole", 1)] });
  });
});
