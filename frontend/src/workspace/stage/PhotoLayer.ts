import { type Box, toScreen } from "../engine/viewport";
import { drawPhoto, type Photo } from "./photo";
import type { Layer, Stage } from "./Stage";

/** The photo, dimmed outside the region that the work is about. */
export class PhotoLayer implements Layer {
  private photo: Photo | null = null;
  private stale = true;

  constructor(
    readonly canvas: HTMLCanvasElement,
    private readonly region: Box | null,
  ) {}

  setPhoto(photo: Photo): void {
    this.photo = photo;
    this.stale = true;
  }

  expire(): void {
    this.stale = true;
  }

  draw(stage: Stage): void {
    if (!this.stale) return;
    this.stale = false;
    const context = this.canvas.getContext("2d") as CanvasRenderingContext2D;
    const { width, height } = this.canvas;
    context.clearRect(0, 0, width, height);
    if (this.photo) drawPhoto(context, this.photo, stage.deviceView);
    if (this.region) dimOutside(context, stage, this.region);
  }
}

function dimOutside(context: CanvasRenderingContext2D, stage: Stage, region: Box): void {
  const { width, height } = context.canvas;
  const view = stage.deviceView;
  const a = toScreen(view, region);
  const b = toScreen(view, { x: region.x + region.width, y: region.y + region.height });
  const outside = new Path2D();
  outside.rect(0, 0, width, height);
  outside.rect(a.x, a.y, b.x - a.x, b.y - a.y);
  context.fillStyle = "rgb(15 17 20 / 62%)";
  context.fill(outside, "evenodd");
  context.strokeStyle = "rgb(255 255 255 / 55%)";
  context.lineWidth = stage.pixelRatio;
  context.strokeRect(a.x, a.y, b.x - a.x, b.y - a.y);
}
