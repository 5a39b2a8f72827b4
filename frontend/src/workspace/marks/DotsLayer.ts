import { toScreen } from "../engine/viewport";
import type { Layer, Stage } from "../stage/Stage";
import type { MarksSession } from "./MarksSession";

const OPEN = 3.5;
const DONE = 4.5;
const CURRENT = 11;

/** All points of a person as dots in the colours of their parts: filled when done, the current one in a crosshair. */
export class DotsLayer implements Layer {
  private stale = true;

  constructor(
    readonly canvas: HTMLCanvasElement,
    private readonly session: MarksSession,
  ) {}

  expire(): void {
    this.stale = true;
  }

  draw(stage: Stage): void {
    if (!this.stale) return;
    this.stale = false;
    const context = this.canvas.getContext("2d") as CanvasRenderingContext2D;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.scale(stage.pixelRatio, stage.pixelRatio);
    const { marks } = this.session.state.get();
    const { current, parts } = this.session;
    for (const point of this.session.points) {
      if (point === current) continue;
      const { x, y } = toScreen(stage.view, point);
      const mark = marks.get(point.id);
      const { colour } = parts.part(point.part);
      if (mark) {
        disc(context, x, y, DONE + 1.5, "rgb(0 0 0 / 80%)");
        disc(context, x, y, DONE, colour);
        if (mark.kind === "flag") disc(context, x, y, 2, "#000");
      } else {
        ring(context, x, y, OPEN, 3, "rgb(0 0 0 / 60%)");
        ring(context, x, y, OPEN, 1.5, colour);
      }
    }
    const { x, y } = toScreen(stage.view, current);
    crosshair(context, x, y, parts.part(current.part).colour, marks.has(current.id));
  }
}

function disc(context: CanvasRenderingContext2D, x: number, y: number, radius: number, colour: string): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
}

function ring(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  radius: number,
  width: number,
  colour: string,
): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke();
}

function crosshair(context: CanvasRenderingContext2D, x: number, y: number, colour: string, done: boolean): void {
  const arms = new Path2D();
  for (const [dx, dy] of [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ] as const) {
    arms.moveTo(x + dx * (CURRENT - 2), y + dy * (CURRENT - 2));
    arms.lineTo(x + dx * (CURRENT + 9), y + dy * (CURRENT + 9));
  }
  for (const [width, style] of [
    [5, "rgb(0 0 0 / 75%)"],
    [2, "#fff"],
  ] as const) {
    context.lineWidth = width;
    context.strokeStyle = style;
    context.stroke(arms);
  }
  ring(context, x, y, CURRENT, 6, "rgb(0 0 0 / 75%)");
  ring(context, x, y, CURRENT, 3.5, colour);
  disc(context, x, y, 3, "rgb(0 0 0 / 75%)");
  disc(context, x, y, 2, done ? colour : "#fff");
}
