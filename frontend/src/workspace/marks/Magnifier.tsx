import { useEffect, useRef } from "react";
import type { Point } from "@/api/types";
import { centreOn } from "../engine/viewport";
import type { Settings } from "../settings";
import { drawPhoto, type Photo } from "../stage/photo";
import { useValue, type ValueStore } from "../valueStore";
import classes from "./Magnifier.module.css";

/** CSS pixels. */
const SIZE = 184;
/** Height that it takes of the photo, with its margin. */
export const MAGNIFIER_ROOM = SIZE + 20;
const MOST = 24;
const LEAST = 2;

interface Props {
  photo: Photo;
  point: Point;
  /** Of the point's part. */
  colour: string;
  settings: ValueStore<Settings>;
}

/** The surroundings of the current point, its pixels in the middle of the crosshair. */
export function Magnifier({ photo, point, colour, settings }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { magnification } = useValue(settings);

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context) return;
    const ratio = window.devicePixelRatio;
    const size = Math.round(SIZE * ratio);
    element.width = size;
    element.height = size;
    drawPhoto(context, photo, centreOn(point, magnification * ratio, { width: size, height: size }));
    drawCrosshair(context, size, ratio, colour);
  }, [photo, point, colour, magnification]);

  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const zoom = (event: WheelEvent) => {
      event.preventDefault();
      event.stopPropagation();
      const next = settings.get().magnification * (event.deltaY < 0 ? 1.25 : 0.8);
      settings.set({ magnification: Math.min(Math.max(next, LEAST), MOST) });
    };
    element.addEventListener("wheel", zoom, { passive: false });
    return () => element.removeEventListener("wheel", zoom);
  }, [settings]);

  return (
    <div className={classes.magnifier}>
      <canvas
        ref={canvas}
        style={{ width: SIZE, height: SIZE }}
        role="img"
        aria-label="The current point, magnified"
        data-testid="magnifier"
      />
      <span className={classes.factor}>{Math.round(magnification)}×</span>
    </div>
  );
}

function drawCrosshair(context: CanvasRenderingContext2D, size: number, ratio: number, colour: string): void {
  const middle = size / 2;
  const gap = 9 * ratio;
  const lines = new Path2D();
  lines.moveTo(0, middle);
  lines.lineTo(middle - gap, middle);
  lines.moveTo(middle + gap, middle);
  lines.lineTo(size, middle);
  lines.moveTo(middle, 0);
  lines.lineTo(middle, middle - gap);
  lines.moveTo(middle, middle + gap);
  lines.lineTo(middle, size);
  const eye = new Path2D();
  eye.arc(middle, middle, gap * 0.62, 0, 2 * Math.PI);
  for (const [path, width, style] of [
    [lines, 3, "rgb(0 0 0 / 55%)"],
    [lines, 1, "#fff"],
    [eye, 4, "rgb(0 0 0 / 65%)"],
    [eye, 2, colour],
  ] as const) {
    context.lineWidth = width * ratio;
    context.strokeStyle = style;
    context.stroke(path);
  }
}
