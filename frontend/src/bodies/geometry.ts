/** Bodies as three.js buffers. */

import { Box3, BufferAttribute, BufferGeometry, type Sphere, Vector3 } from "three";
import { type BodyMesh, squaredEdges, vertexNormals } from "./mesh";

/** The mesh with three vertices of its own for each face, since U,V and seams belong to corners. */
export function cornerGeometry(mesh: BodyMesh): BufferGeometry {
  const corners = mesh.faces.length;
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(gather(mesh.positions, mesh.faces), 3));
  geometry.setAttribute("normal", new BufferAttribute(gather(vertexNormals(mesh), mesh.faces), 3));
  geometry.setAttribute("uv", new BufferAttribute(mesh.uv, 2));
  geometry.setAttribute("shade", new BufferAttribute(new Uint8Array(corners).fill(255), 1, true));
  geometry.setAttribute("squared", new BufferAttribute(new Float32Array(corners), 1));
  const edges = squaredEdges(mesh);
  const edgesOfCorner = new Float32Array(3 * corners);
  const chart = new Uint8Array(corners);
  for (let corner = 0; corner < corners; corner++) {
    const first = 3 * Math.floor(corner / 3);
    edgesOfCorner.set(edges.subarray(first, first + 3), 3 * corner);
    chart[corner] = mesh.chart[first / 3] as number;
  }
  geometry.setAttribute("edges", new BufferAttribute(edgesOfCorner, 3));
  geometry.setAttribute("chart", new BufferAttribute(chart, 1));
  return geometry;
}

/** The mesh with shared vertices, for looking up what a ray meets. */
export function indexGeometry(mesh: BodyMesh): BufferGeometry {
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(mesh.positions, 3));
  geometry.setIndex(new BufferAttribute(mesh.faces, 1));
  return geometry;
}

/** Writes the ball around all faces of some charts, about the middle of their box. */
export function sphereAround(mesh: BodyMesh, isWanted: (chart: number) => boolean, to: Sphere): void {
  const [box, point] = [new Box3(), new Vector3()];
  const corners = mesh.faces.filter((_, corner) => isWanted(mesh.chart[Math.floor(corner / 3)] as number));
  for (const vertex of corners) box.expandByPoint(point.fromArray(mesh.positions, 3 * vertex));
  if (box.isEmpty()) return;
  box.getCenter(to.center);
  let squared = 0;
  for (const vertex of corners) {
    squared = Math.max(squared, point.fromArray(mesh.positions, 3 * vertex).distanceToSquared(to.center));
  }
  to.radius = Math.sqrt(squared);
}

/** Writes a value per vertex (V) to the corners' attribute, times a scale. */
export function spreadToCorners(mesh: BodyMesh, values: Float32Array, to: BufferAttribute, scale: number): void {
  const { array } = to;
  for (let corner = 0; corner < mesh.faces.length; corner++) {
    array[corner] = scale * (values[mesh.faces[corner] as number] as number);
  }
  to.needsUpdate = true;
}

/** Writes a value per vertex (V) to the corners' attribute; -1 to all corners of a face that lacks one of its values. */
export function spreadToFaces(mesh: BodyMesh, values: Float32Array, to: BufferAttribute): void {
  const { array } = to;
  for (let first = 0; first < mesh.faces.length; first += 3) {
    const corners = [0, 1, 2].map((k) => values[mesh.faces[first + k] as number] as number);
    const known = corners.every(Number.isFinite);
    for (let k = 0; k < 3; k++) array[first + k] = known ? (corners[k] as number) : -1;
  }
  to.needsUpdate = true;
}

function gather(values: Float32Array, faces: Uint32Array): Float32Array {
  const out = new Float32Array(3 * faces.length);
  for (let corner = 0; corner < faces.length; corner++) {
    const from = 3 * (faces[corner] as number);
    out.set(values.subarray(from, from + 3), 3 * corner);
  }
  return out;
}
