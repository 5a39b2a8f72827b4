import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type BodyMesh,
  baryOf,
  chartAreas,
  distanceAt,
  iuvOf,
  positionOf,
  readMesh,
  ringStep,
  SEAM,
  seams,
  squaredEdges,
  type Vec3,
  vertexNormals,
} from "./mesh";

/** A square of side 2 in the plane z = 1 of two triangles: faces 0 (0,1,2) and 1 (0,2,3). */
function square(uvOfSecond = 0, chartOfSecond = 1): BodyMesh {
  return {
    positions: Float32Array.from([0, 0, 1, 2, 0, 1, 2, 2, 1, 0, 2, 1]),
    faces: Uint32Array.from([0, 1, 2, 0, 2, 3]),
    uv: Float32Array.from([0, 0, 1, 0, 1, 1, ...[0, 0, 1, 1, 0, 1].map((x) => x * (1 - uvOfSecond))]),
    chart: Uint8Array.from([1, chartOfSecond]),
  };
}

const weights: fc.Arbitrary<Vec3> = fc
  .tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 50 }), fc.integer({ min: 1, max: 50 }))
  .map(([a, b, c]) => [a / (a + b + c), b / (a + b + c), c / (a + b + c)]);
const points = fc.record({ face: fc.integer({ min: 0, max: 1 }), bary: weights });

/** The bytes of a mesh as the server writes them. */
function bytesOf({ positions, faces, uv, chart }: BodyMesh): ArrayBuffer {
  const parts = [positions, faces, uv, chart].map(({ buffer }) => new Uint8Array(buffer));
  return Uint8Array.from(parts.flatMap((part) => [...part])).buffer;
}

describe("a mesh file", () => {
  it("holds the four arrays one after another", () => {
    expect(readMesh(bytesOf(square()), 4, 2)).toEqual(square());
  });

  it("of another length is refused, and one with a vertex that is not there", () => {
    expect(() => readMesh(bytesOf(square()).slice(1), 4, 2)).toThrow(/122 bytes, not 121/);
    const bad = square();
    bad.faces[4] = 4;
    expect(() => readMesh(bytesOf(bad), 4, 2)).toThrow("face 1 names vertex 4 of 4");
  });
});

describe("surface points", () => {
  it("are found again from their position", () => {
    fc.assert(
      fc.property(points, ({ face, bary }) => {
        const found = baryOf(square(), face, positionOf(square(), { face, bary }));
        found.forEach((w, k) => {
          expect(w).toBeCloseTo(bary[k] as number, 5);
        });
      }),
    );
  });

  it("have the U,V of their own side of a seam", () => {
    expect(iuvOf(square(), { face: 0, bary: [0.5, 0.25, 0.25] })).toEqual({ i: 1, u: 0.5, v: 0.25 });
    expect(iuvOf(square(0.5, 2), { face: 1, bary: [0, 1, 0] })).toEqual({ i: 2, u: 0.5, v: 0.5 });
  });
});

describe("normals, edges and areas", () => {
  it("of a flat square are those of the plane", () => {
    expect([...vertexNormals(square())]).toEqual([0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1]);
    expect([...squaredEdges(square())]).toEqual([4, 8, 4, 4, 4, 8]);
    expect([...chartAreas(square(0, 2), 2)]).toEqual([0, 2, 2]);
  });
});

describe("seams", () => {
  it("are rims, cuts and borders, each edge seen from both of its faces", () => {
    const { none, chart, part } = SEAM;
    expect([...seams(square(), [0, 1])]).toEqual([chart, none, chart, chart, chart, none]);
    expect([...seams(square(0.5), [0, 1])]).toEqual([chart, chart, chart, chart, chart, chart]);
    expect([...seams(square(0, 2), [0, 1, 1])]).toEqual([chart, chart, chart, chart, chart, chart]);
    expect([...seams(square(0, 2), [0, 1, 2])]).toEqual([chart, part, chart, chart, chart, part]);
  });
});

describe("distances", () => {
  it("between vertices are exact on a flat piece, right up to the source", () => {
    fc.assert(
      fc.property(points, points, (from, to) => {
        const mesh = square();
        const source = positionOf(mesh, from);
        const away = (p: Vec3) => Math.hypot(p[0] - source[0], p[1] - source[1], p[2] - source[2]);
        const corners = [0, 1, 2, 3].map((n) => [...mesh.positions.slice(3 * n, 3 * n + 3)] as Vec3);
        const found = distanceAt(mesh, corners.map(away), to);
        expect(found).toBeCloseTo(away(positionOf(mesh, to)), 5);
      }),
    );
  });

  it("have rings every 5 cm on a person, and as many on bodies of other sizes", () => {
    expect([1.7, 2.0].map(ringStep)).toEqual([0.05, 0.05]);
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (farthest) => {
        const rings = farthest / ringStep(farthest);
        expect(rings).toBeGreaterThan(20);
        expect(rings).toBeLessThan(60);
      }),
    );
    expect(ringStep(0)).toBe(0.05);
  });
});
