import { describe, expect, it } from "vitest";
import { inspectMask } from "./checks";
import { mapOf } from "./testMaps";

/** Rows of a map scaled up `n` times, so that shapes are larger than slips of the hand. */
function enlarged(n: number, ...rows: string[]) {
  const wide = rows.map((row) => [...row].map((c) => c.repeat(n)).join(""));
  return mapOf(...wide.flatMap((row) => new Array<string>(n).fill(row)));
}

describe("inspectMask", () => {
  it("counts the pixels of each part", () => {
    const { areas, warnings } = inspectMask(mapOf("....", ".11e", "....", "...."));
    expect(areas[1]).toBe(2);
    expect(areas[14]).toBe(1);
    expect(warnings).toEqual([]);
  });

  it("finds an island and what to paint over it", () => {
    const map = enlarged(8, ".....", ".111.", ".111.", ".....");
    map.data[0] = 1;
    const { warnings } = inspectMask(map);
    expect(warnings).toMatchObject([{ kind: "island", label: 1, area: 1, repair: { label: 0 } }]);
    expect(warnings[0]?.rect).toEqual({ x0: 0, y0: 0, x1: 1, y1: 1 });
  });

  it("finds a hole and the part around it, but no gap that is open", () => {
    const map = enlarged(8, ".....", ".111.", ".1.1.", ".111.", ".....");
    const small = enlarged(3, ".....", ".111.", ".1.1.", ".111.", ".....");
    expect(inspectMask(map).warnings).toEqual([]);
    expect(inspectMask(small).warnings).toMatchObject([{ kind: "hole", label: 1, area: 9, repair: { label: 1 } }]);
  });

  it("suspects a left hand on the right arm", () => {
    const map = enlarged(8, ".........", ".ddd33...", ".......cc", ".........");
    expect(inspectMask(map).warnings).toMatchObject([{ kind: "side", label: 3, beside: 13 }]);
  });

  it("trusts a left hand that touches both arms, and one whose arm is hidden beside a painted other", () => {
    expect(inspectMask(enlarged(8, ".......", ".dd33cc", ".......")).warnings).toEqual([]);
    expect(inspectMask(enlarged(8, ".......", ".dd.33.", ".......")).warnings).toEqual([]);
  });
});
