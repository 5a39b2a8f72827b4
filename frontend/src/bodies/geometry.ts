/** Bodies as three.js buffers. */

import { BufferAttribute, BufferGeometry } from "three";
import { type BodyMesh, seams, squaredEdges, vertexNormals } from "./mesh";

/** The mesh with three vertices of its own for each face, since U,V and seams belong to corners. */
export function cornerGeometry(mesh: BodyMesh, partOfChart: ArrayLike<number>): BufferGeometry {
  const corners = mesh.faces.length;
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(gather(mesh.positions, mesh.faces), 3));
  geometry.setAttribute("normal", new BufferAttribute(gather(vertexNormals(mesh), mesh.faces), 3));
  geometry.setAttribute("uv", new BufferAttribute(mesh.uv, 2));
  geometry.setAttribute("shade", new BufferAttribute(new Uint8Array(corners).fill(255), 1, true));
  geometry.setAttribute("squared", new BufferAttribute(new Float32Array(corners), 1));
  const edges = squaredEdges(mesh);
  const seam = seams(mesh, partOfChart);
  const edgesOfCorner = new Float32Array(3 * corners);
  const face = new Uint8Array(4 * corners);
  for (let corner = 0; corner < corners; corner++) {
    const first = 3 * Math.floor(corner / 3);
    for (let k = 0; k < 3; k++) {
      edgesOfCorner[3 * corner + k] = edges[first + k] as number;
      face[4 * corner + 1 + k] = seam[first + k] as number;
    }
    face[4 * corner] = mesh.chart[first / 3] as number;
  }
  geometry.setAttribute("edges", new BufferAttribute(edgesOfCorner, 3));
  geometry.setAttribute("face", new BufferAttribute(face, 4));
  return geometry;
}

/** The mesh with shared vertices, for looking up what a ray meets. */
export function indexGeometry(mesh: BodyMesh): BufferGeometry {
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(mesh.positions, 3));
  geometry.setIndex(new BufferAttribute(mesh.faces, 1));
  return geometry;
}

/** Writes a value per vertex (V) to the corners' attribute, times a scale. */
export function spreadToCorners(mesh: BodyMesh, values: Float32Array, to: BufferAttribute, scale: number): void {
  const { array } = to;
  for (let corner = 0; corner < mesh.faces.length; corner++) {
    array[corner] = scale * (values[mesh.faces[corner] as number] as number);
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
