/** The mesh of a body as the server sends it, and geometry on it: pure functions over flat arrays. */

/** V vertices and F triangles, counter-clockwise seen from outside. */
export interface BodyMesh {
  /** (V,3) metres. */
  positions: Float32Array;
  /** (F,3) vertex indices. */
  faces: Uint32Array;
  /** (F,3,2) U,V in [0,1] of each corner; corners, so that both sides of a seam have their own. */
  uv: Float32Array;
  /** (F) chart 1..C. */
  chart: Uint8Array;
}

export type Vec3 = [number, number, number];

/** A point of the surface: a face and its barycentric coordinates. */
export interface FacePoint {
  face: number;
  bary: Vec3;
}

/**
 * The arrays of a mesh file: positions f32 (V,3), faces u32 (F,3), uv f32 (F,3,2), chart u8 (F), little-endian.
 *
 * @throws RangeError when the file is not as long as V and F say, or a face names a vertex that is not there.
 */
export function readMesh(buffer: ArrayBuffer, vertices: number, faces: number): BodyMesh {
  const sizes = [12 * vertices, 12 * faces, 24 * faces, faces];
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (buffer.byteLength !== total) {
    throw new RangeError(
      `a mesh of ${vertices} vertices and ${faces} faces has ${total} bytes, not ${buffer.byteLength}`,
    );
  }
  const mesh = {
    positions: new Float32Array(buffer, 0, 3 * vertices),
    faces: new Uint32Array(buffer, 12 * vertices, 3 * faces),
    uv: new Float32Array(buffer, 12 * vertices + 12 * faces, 6 * faces),
    chart: new Uint8Array(buffer, 12 * vertices + 36 * faces, faces),
  };
  const bad = mesh.faces.findIndex((vertex) => vertex >= vertices);
  if (bad >= 0) throw new RangeError(`face ${Math.floor(bad / 3)} names vertex ${mesh.faces[bad]} of ${vertices}`);
  return mesh;
}

const at = (array: ArrayLike<number>, index: number) => array[index] as number;

/** The vertex at corner 0..2 of a face. */
export function cornerVertex({ faces }: BodyMesh, face: number, corner: number): number {
  return at(faces, 3 * face + corner);
}

export function vertexPosition({ positions }: BodyMesh, vertex: number): Vec3 {
  return [at(positions, 3 * vertex), at(positions, 3 * vertex + 1), at(positions, 3 * vertex + 2)];
}

const minus = (a: Vec3, b: Vec3): Vec3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const dot = (a: Vec3, b: Vec3) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: Vec3, b: Vec3): Vec3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

function triangle(mesh: BodyMesh, face: number): [Vec3, Vec3, Vec3] {
  return [0, 1, 2].map((k) => vertexPosition(mesh, cornerVertex(mesh, face, k))) as [Vec3, Vec3, Vec3];
}

export function positionOf(mesh: BodyMesh, { face, bary }: FacePoint): Vec3 {
  const corners = triangle(mesh, face);
  return [0, 1, 2].map((axis) => corners.reduce((sum, p, k) => sum + at(bary, k) * at(p, axis), 0)) as Vec3;
}

/** Outward unit normal of the face that a point lies on. */
export function normalAt(mesh: BodyMesh, { face }: FacePoint): Vec3 {
  const [a, b, c] = triangle(mesh, face);
  const normal = cross(minus(b, a), minus(c, a));
  const length = Math.hypot(...normal) || 1;
  return normal.map((x) => x / length) as Vec3;
}

/** Barycentric coordinates, none negative, of a position on a face. */
export function baryOf(mesh: BodyMesh, face: number, position: Vec3): Vec3 {
  const [a, b, c] = triangle(mesh, face);
  const [e1, e2, p] = [minus(b, a), minus(c, a), minus(position, a)];
  const [aa, ab, bb, pa, pb] = [dot(e1, e1), dot(e1, e2), dot(e2, e2), dot(p, e1), dot(p, e2)];
  const det = aa * bb - ab * ab || 1;
  const v = Math.max((bb * pa - ab * pb) / det, 0);
  const w = Math.max((aa * pb - ab * pa) / det, 0);
  const u = Math.max(1 - v - w, 0);
  const sum = u + v + w;
  return [u / sum, v / sum, w / sum];
}

/** Chart form of a surface point. */
export function iuvOf(mesh: BodyMesh, { face, bary }: FacePoint): { i: number; u: number; v: number } {
  let [u, v] = [0, 0];
  for (let k = 0; k < 3; k++) {
    u += at(bary, k) * at(mesh.uv, 6 * face + 2 * k);
    v += at(bary, k) * at(mesh.uv, 6 * face + 2 * k + 1);
  }
  return { i: at(mesh.chart, face), u: Math.min(Math.max(u, 0), 1), v: Math.min(Math.max(v, 0), 1) };
}

/** (V,3) outward unit normals, each face weighted by its area. */
export function vertexNormals(mesh: BodyMesh): Float32Array {
  const normals = new Float32Array(mesh.positions.length);
  for (let face = 0; face < mesh.chart.length; face++) {
    const [a, b, c] = triangle(mesh, face);
    const normal = cross(minus(b, a), minus(c, a));
    for (let k = 0; k < 3; k++) {
      const vertex = cornerVertex(mesh, face, k);
      for (let axis = 0; axis < 3; axis++)
        normals[3 * vertex + axis] = at(normals, 3 * vertex + axis) + at(normal, axis);
    }
  }
  for (let vertex = 0; vertex < normals.length; vertex += 3) {
    const length = Math.hypot(at(normals, vertex), at(normals, vertex + 1), at(normals, vertex + 2)) || 1;
    for (let axis = 0; axis < 3; axis++) normals[vertex + axis] = at(normals, vertex + axis) / length;
  }
  return normals;
}

/** (F,3) squared length of the edge opposite each corner. */
export function squaredEdges(mesh: BodyMesh): Float32Array {
  const out = new Float32Array(mesh.faces.length);
  for (let face = 0; face < mesh.chart.length; face++) {
    const corners = triangle(mesh, face);
    for (let k = 0; k < 3; k++) {
      const edge = minus(corners[(k + 1) % 3] as Vec3, corners[(k + 2) % 3] as Vec3);
      out[3 * face + k] = dot(edge, edge);
    }
  }
  return out;
}

/** What an edge parts: nothing, two charts (or a chart from itself or from nothing), or two parts. */
export const SEAM = { none: 0, chart: 1, part: 2 } as const;

/**
 * (F,3) which seam the edge opposite each corner is.
 *
 * @param partOfChart the part of each chart, by chart number.
 */
export function seams(mesh: BodyMesh, partOfChart: ArrayLike<number>): Uint8Array {
  const { faces, uv, chart, positions } = mesh;
  const vertices = positions.length / 3;
  const out = new Uint8Array(faces.length);
  const open = new Map<number, number>();
  for (let side = 0; side < faces.length; side++) {
    const face = Math.floor(side / 3);
    const [k1, k2] = [3 * face + ((side + 1) % 3), 3 * face + ((side + 2) % 3)];
    const [a, b] = [at(faces, k1), at(faces, k2)];
    const key = Math.min(a, b) * vertices + Math.max(a, b);
    const other = open.get(key);
    if (other === undefined) {
      open.set(key, side);
      // Until its other side is found, an edge is the rim of its chart.
      out[side] = SEAM.chart;
      continue;
    }
    const far = Math.floor(other / 3);
    const [f1, f2] = [3 * far + ((other + 1) % 3), 3 * far + ((other + 2) % 3)];
    const [c, d] = at(faces, f1) === a ? [f1, f2] : [f2, f1];
    const sameUv =
      chart[face] === chart[far] &&
      [0, 1].every((n) => at(uv, 2 * k1 + n) === at(uv, 2 * c + n) && at(uv, 2 * k2 + n) === at(uv, 2 * d + n));
    const sameParts = at(partOfChart, at(chart, face)) === at(partOfChart, at(chart, far));
    out[side] = out[other] = sameUv ? SEAM.none : sameParts ? SEAM.chart : SEAM.part;
  }
  return out;
}

/** Square metres of each chart, by chart number (index 0 unused). */
export function chartAreas(mesh: BodyMesh, charts: number): Float64Array {
  const areas = new Float64Array(charts + 1);
  for (let face = 0; face < mesh.chart.length; face++) {
    const [a, b, c] = triangle(mesh, face);
    const chart = at(mesh.chart, face);
    areas[chart] = at(areas, chart) + 0.5 * Math.hypot(...cross(minus(b, a), minus(c, a)));
  }
  return areas;
}

/**
 * Geodesic distance of a surface point from the source of per-vertex distances, metres.
 *
 * Squared distances are interpolated: where the surface is flat, sum_k w_k d_k^2 is the squared distance plus the
 * weights' variance sum_{i<j} w_i w_j |v_i - v_j|^2, which is taken off. Exact in the plane, right up to the source,
 * where plain interpolation would be off by half an edge.
 */
export function distanceAt(mesh: BodyMesh, distances: ArrayLike<number>, { face, bary }: FacePoint): number {
  const corners = triangle(mesh, face);
  let squared = 0;
  for (let k = 0; k < 3; k++) {
    const edge = minus(corners[(k + 1) % 3] as Vec3, corners[(k + 2) % 3] as Vec3);
    squared += at(bary, k) * at(distances, cornerVertex(mesh, face, k)) ** 2;
    squared -= at(bary, (k + 1) % 3) * at(bary, (k + 2) % 3) * dot(edge, edge);
  }
  return Math.sqrt(Math.max(squared, 0));
}

/** Spacing of distance rings: 5 cm on a body of a person's size, else 1, 2 or 5 times a power of ten. */
export function ringStep(farthest: number): number {
  if (!(farthest > 0)) return 0.05;
  const wanted = farthest / 36;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const steps = [1, 2, 5, 10].map((n) => n * power);
  return steps.reduce((best, step) =>
    Math.abs(Math.log(step / wanted)) < Math.abs(Math.log(best / wanted)) ? step : best,
  );
}

/** A value of each vertex at a point of the surface; NaN where a corner has none. */
export function valueAt(mesh: BodyMesh, values: ArrayLike<number>, { face, bary }: FacePoint): number {
  let sum = 0;
  for (let k = 0; k < 3; k++) sum += at(bary, k) * at(values, cornerVertex(mesh, face, k));
  return sum;
}
