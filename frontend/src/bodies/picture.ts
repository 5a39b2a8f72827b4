/** Small pictures of whole bodies, drawn once each. */
import type { Body } from "../api/types";
import { partsOf } from "../parts";
import { BodyScene } from "./BodyScene";
import { readMesh, seams } from "./mesh";
import { baseColours } from "./tinting";

const SIZE = 480;
/** Fewer than on the body's own page: a small picture need not be smooth. */
const RAYS = 8;
const made = new Map<string, Promise<string>>();
let queue: Promise<unknown> = Promise.resolve();

/** The body from the front and a little above, as the URL of a PNG. Rejects where there is no WebGL. */
export function pictureOf(body: Body, file: ArrayBuffer): Promise<string> {
  const known = made.get(body.hash);
  if (known) return known;
  // One at a time: browsers keep few WebGL contexts.
  const next = queue.then(() => draw(body, file));
  queue = next.catch(() => {});
  made.set(body.hash, next);
  return next;
}

async function draw(body: Body, file: ArrayBuffer): Promise<string> {
  const host = document.createElement("div");
  host.style.cssText = `position:fixed;left:-9999px;width:${SIZE}px;height:${SIZE}px`;
  host.ariaHidden = "true";
  const canvas = host.appendChild(document.createElement("canvas"));
  document.body.append(host);
  let scene: BodyScene | null = null;
  try {
    const mesh = readMesh(file, body.vertices, body.faces);
    scene = new BodyScene(canvas, mesh, seams(mesh, [0, ...body.charts.map(({ part }) => part)]), RAYS);
    scene.paint([null, ...baseColours(body, partsOf(body), "charts").slice(1)]);
    scene.show({ isoLines: false, seamLines: true, wireframe: false, byDistance: false });
    scene.camera.orbit(0.42, 0.16);
    const blob = await scene.snapshot();
    return URL.createObjectURL(blob);
  } finally {
    scene?.destroy();
    host.remove();
  }
}
