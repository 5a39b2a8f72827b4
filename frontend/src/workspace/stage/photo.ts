/** A photo ready to be drawn at any zoom: half-size levels for zooming out, tiles where a texture would be too large. */

import type { Size, Viewport } from "../engine/viewport";

interface Tile {
  x: number;
  y: number;
  image: ImageBitmap | OffscreenCanvas;
}

export interface Photo extends Size {
  /** Level k is the photo scaled by 2^-k. */
  levels: Tile[][];
}

/** Graphics cards take textures of at least this size. */
const TILE = 4096;
/** Below this size further levels bring nothing. */
const SMALLEST = 1024;
/** Device pixels per photo pixel from which pixels are shown as squares. */
const CRISP_FROM = 3;

/** Loads a photo. @throws Error when it does not load or decode. */
export async function loadPhoto(url: string, signal: AbortSignal): Promise<Photo> {
  const element = new Image();
  element.src = url;
  await element.decode();
  signal.throwIfAborted();
  const whole = await createImageBitmap(element);
  const { width, height } = whole;
  const levels: Tile[][] = [await tilesOf(whole)];
  let source: ImageBitmap | OffscreenCanvas = whole;
  while (Math.max(source.width, source.height) >= 2 * SMALLEST) {
    const half: OffscreenCanvas = new OffscreenCanvas(Math.ceil(source.width / 2), Math.ceil(source.height / 2));
    const context = half.getContext("2d") as OffscreenCanvasRenderingContext2D;
    context.imageSmoothingQuality = "medium";
    context.drawImage(source, 0, 0, source.width / 2, source.height / 2);
    levels.push([{ x: 0, y: 0, image: half }]);
    source = half;
  }
  if ((levels[0] as Tile[]).length > 1) whole.close();
  return { width, height, levels };
}

async function tilesOf(whole: ImageBitmap): Promise<Tile[]> {
  if (whole.width <= TILE && whole.height <= TILE) return [{ x: 0, y: 0, image: whole }];
  const tiles: Tile[] = [];
  for (let y = 0; y < whole.height; y += TILE) {
    for (let x = 0; x < whole.width; x += TILE) {
      const [w, h] = [Math.min(TILE, whole.width - x), Math.min(TILE, whole.height - y)];
      tiles.push({ x, y, image: await createImageBitmap(whole, x, y, w, h) });
    }
  }
  return tiles;
}

/** Draws the photo; `view` places it in device pixels. */
export function drawPhoto(context: CanvasRenderingContext2D, photo: Photo, view: Viewport): void {
  const wanted = Math.floor(Math.log2(1 / view.scale));
  const level = Math.min(Math.max(wanted, 0), photo.levels.length - 1);
  const factor = 2 ** level;
  context.imageSmoothingEnabled = view.scale < CRISP_FROM;
  context.imageSmoothingQuality = "medium";
  const { width, height } = context.canvas;
  for (const { x, y, image } of photo.levels[level] as Tile[]) {
    // Whole device pixels at the seams, so that no background shines through between tiles.
    const x0 = Math.round(x * factor * view.scale + view.x);
    const y0 = Math.round(y * factor * view.scale + view.y);
    const x1 = Math.round((x + image.width) * factor * view.scale + view.x);
    const y1 = Math.round((y + image.height) * factor * view.scale + view.y);
    if (x1 < 0 || y1 < 0 || x0 > width || y0 > height) continue;
    context.drawImage(image, x0, y0, x1 - x0, y1 - y0);
  }
}
