import { useEffect, useMemo, useRef } from "react";
import { useValue, type ValueStore } from "../workspace/valueStore";
import classes from "./BodyView.module.css";
import type { BodyMesh } from "./mesh";
import type { Cursor } from "./useBodyScene";

const SIZE = 256;
/** Room for the names of the axes. */
const MARGIN = 16;

interface Props {
  mesh: BodyMesh;
  /** (F,3) see mesh.ts. */
  seams: Uint8Array;
  cursor: ValueStore<Cursor>;
  /** The chart shown while the pointer is beside the body; null: the last one. */
  resting: number | null;
  tints: readonly string[];
  nameOf: (chart: number) => string;
}

/** The chart under the pointer laid flat, U to the right and V up, with the pointer's place in a cross. */
export function ChartInset({ mesh, seams, cursor, resting, tints, nameOf }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { iuv } = useValue(cursor);
  const last = useRef(1);
  const chart = iuv?.i ?? resting ?? last.current;
  useEffect(() => {
    if (iuv) last.current = iuv.i;
  }, [iuv]);
  const [fill, rim] = useMemo(() => outlinesOf(mesh, seams, chart), [mesh, seams, chart]);
  const tint = tints[chart] ?? "#cccccc";

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context) return;
    const ratio = window.devicePixelRatio;
    element.width = element.height = Math.round(SIZE * ratio);
    const style = getComputedStyle(element);
    const ink = style.color;
    const span = SIZE - 2 * MARGIN;
    const toX = (u: number) => MARGIN + u * span;
    const toY = (v: number) => SIZE - MARGIN - v * span;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.save();
    context.transform(span, 0, 0, -span, MARGIN, SIZE - MARGIN);
    context.fillStyle = tint;
    context.fill(fill);
    context.restore();
    context.strokeStyle = ink;
    for (let n = 0; n <= 10; n++) {
      context.globalAlpha = n % 5 === 0 ? 0.4 : 0.14;
      context.lineWidth = 1;
      line(context, toX(n / 10), toY(0), toX(n / 10), toY(1));
      line(context, toX(0), toY(n / 10), toX(1), toY(n / 10));
    }
    context.globalAlpha = 0.9;
    context.save();
    context.transform(span, 0, 0, -span, MARGIN, SIZE - MARGIN);
    context.lineWidth = 1.2 / span;
    context.stroke(rim);
    context.restore();
    context.fillStyle = ink;
    context.font = "11px 'Inter Variable', sans-serif";
    context.globalAlpha = 0.8;
    context.fillText("U", SIZE - MARGIN - 8, SIZE - 3);
    context.fillText("V", 3, MARGIN + 8);
    context.fillText("0", 4, SIZE - 4);
    context.globalAlpha = 1;
    if (iuv) cross(context, toX(iuv.u), toY(iuv.v), SIZE);
  }, [fill, rim, tint, iuv]);

  const name = nameOf(chart);
  return (
    <figure className={classes.inset}>
      <canvas
        ref={canvas}
        style={{ width: SIZE, height: SIZE }}
        role="img"
        aria-label={`Chart ${chart}, ${name}, laid flat: U to the right, V up`}
      />
      <figcaption>
        <b>{chart}</b> {name}
      </figcaption>
    </figure>
  );
}

function line(context: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}

function cross(context: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  for (const [width, style] of [
    [3, "rgb(255 255 255 / 70%)"],
    [1.2, "#b3172f"],
  ] as const) {
    context.lineWidth = width;
    context.strokeStyle = style;
    line(context, x, MARGIN, x, size - MARGIN);
    line(context, MARGIN, y, size - MARGIN, y);
  }
  context.beginPath();
  context.arc(x, y, 3.5, 0, 2 * Math.PI);
  context.fillStyle = "#fff";
  context.fill();
  context.lineWidth = 1.8;
  context.stroke();
}

/** A chart's triangles and its rim as paths in U,V. */
function outlinesOf(mesh: BodyMesh, seams: Uint8Array, chart: number): [Path2D, Path2D] {
  const [fill, rim] = [new Path2D(), new Path2D()];
  for (let face = 0; face < mesh.chart.length; face++) {
    if (mesh.chart[face] !== chart) continue;
    const at = (k: number) =>
      [mesh.uv[6 * face + 2 * (k % 3)], mesh.uv[6 * face + 2 * (k % 3) + 1]] as [number, number];
    fill.moveTo(...at(0));
    fill.lineTo(...at(1));
    fill.lineTo(...at(2));
    fill.closePath();
    for (let k = 0; k < 3; k++) {
      if (!seams[3 * face + k]) continue;
      rim.moveTo(...at(k + 1));
      rim.lineTo(...at(k + 2));
    }
  }
  return [fill, rim];
}
