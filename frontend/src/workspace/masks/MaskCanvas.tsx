import { type RefObject, useEffect, useRef, useState } from "react";
import { imageFileUrl } from "@/api/endpoints";
import type { Point } from "../engine/geometry";
import { makePalette } from "../engine/overlay";
import type { Settings } from "../settings";
import { MaskLayer } from "../stage/MaskLayer";
import { PhotoLayer } from "../stage/PhotoLayer";
import { PhotoProblem } from "../stage/PhotoProblem";
import { Stage } from "../stage/Stage";
import { usePhoto } from "../stage/usePhoto";
import { useValue, type ValueStore } from "../valueStore";
import classes from "./MaskCanvas.module.css";
import { MaskInput } from "./MaskInput";
import type { MaskSession } from "./MaskSession";
import { PolygonSketch } from "./PolygonSketch";

/** What the keyboard and the toolbar reach. */
export interface MaskCanvasHandle {
  stage: Stage;
  input: MaskInput;
}

interface Props {
  session: MaskSession;
  settings: ValueStore<Settings>;
  hidden: boolean;
  handle: RefObject<MaskCanvasHandle | null>;
}

interface Notice {
  message: string;
  at: Point;
  id: number;
}

const NOTICE_MS = 2600;

/** The photo with the mask over it, and the hand that paints. */
export function MaskCanvas({ session, settings, hidden, handle }: Props) {
  const { task } = session;
  const host = useRef<HTMLDivElement>(null);
  const photoCanvas = useRef<HTMLCanvasElement>(null);
  const maskCanvas = useRef<HTMLCanvasElement>(null);
  const svg = useRef<SVGSVGElement>(null);
  const cursor = useRef<HTMLDivElement>(null);
  const layers = useRef<{ photo: PhotoLayer; mask: MaskLayer } | null>(null);
  const [notice, setNotice] = useState<Notice | null>(null);
  const { photo, error, retry } = usePhoto(imageFileUrl(task.image.id));
  const { opacity, outlines } = useValue(settings);

  useEffect(() => {
    const parts = [host.current, photoCanvas.current, maskCanvas.current, svg.current, cursor.current] as const;
    const [hostElement, photoElement, maskElement, svgElement, cursorElement] = parts;
    if (!hostElement || !photoElement || !maskElement || !svgElement || !cursorElement) return;
    const [x, y, width, height] = task.region;
    const region = { x, y, width, height };
    const palette = makePalette(session.parts.all.map(({ colour }) => colour));
    const stage = new Stage(hostElement, task.image, region);
    const photoLayer = new PhotoLayer(photoElement, region);
    const maskLayer = new MaskLayer(maskElement, session.editor.map, region, palette);
    stage.add(photoLayer);
    stage.add(maskLayer);
    session.onDraw = (rect) => {
      maskLayer.expireRect(rect);
      stage.requestFrame();
    };
    const sketch = new PolygonSketch(svgElement, stage);
    const input = new MaskInput({
      stage,
      editor: session.editor,
      hand: session.hand,
      bodyParts: session.parts,
      pick: (label) => session.pick(label),
      settings,
      sketch,
      origin: region,
      cursor: cursorElement,
      say: (message, at) => setNotice((last) => ({ message, at, id: (last?.id ?? 0) + 1 })),
    });
    layers.current = { photo: photoLayer, mask: maskLayer };
    handle.current = { stage, input };
    return () => {
      handle.current = null;
      layers.current = null;
      session.onDraw = () => {};
      input.destroy();
      sketch.destroy();
      stage.destroy();
    };
  }, [session, settings, task, handle]);

  useEffect(() => {
    if (!photo) return;
    layers.current?.photo.setPhoto(photo);
    handle.current?.stage.requestFrame();
  }, [photo, handle]);

  useEffect(() => {
    if (!layers.current) return;
    layers.current.mask.outlines = outlines;
    layers.current.mask.expire();
    handle.current?.stage.requestFrame();
  }, [outlines, handle]);

  useEffect(() => {
    if (!notice) return;
    const timer = window.setTimeout(() => setNotice(null), NOTICE_MS);
    return () => window.clearTimeout(timer);
  }, [notice]);

  return (
    <div
      className={classes.host}
      ref={host}
      data-testid="mask-canvas"
      role="application"
      aria-label="Photo to paint on"
    >
      <canvas className={classes.layer} ref={photoCanvas} />
      <canvas
        className={classes.mask}
        ref={maskCanvas}
        style={{ opacity: outlines ? 1 : opacity, visibility: hidden ? "hidden" : undefined }}
      />
      <svg className={classes.sketch} ref={svg} aria-hidden="true" />
      <div className={classes.cursor} ref={cursor} aria-hidden="true">
        <span className={classes.ring} />
        <span className={classes.name} data-name />
      </div>
      {notice && (
        <div className={classes.notice} role="status" style={{ left: notice.at.x, top: notice.at.y }} key={notice.id}>
          {notice.message}
        </div>
      )}
      {error && <PhotoProblem name={task.image.file_name} retry={retry} />}
    </div>
  );
}
