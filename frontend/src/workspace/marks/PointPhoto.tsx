import { useEffect, useRef } from "react";
import { imageFileUrl } from "@/api/endpoints";
import { type Box, fitBox, toScreen } from "../engine/viewport";
import type { Settings } from "../settings";
import { PhotoLayer } from "../stage/PhotoLayer";
import { PhotoProblem } from "../stage/PhotoProblem";
import { Stage } from "../stage/Stage";
import { usePhoto } from "../stage/usePhoto";
import { useValue, type ValueStore } from "../valueStore";
import { DotsLayer } from "./DotsLayer";
import { MAGNIFIER_ROOM, Magnifier } from "./Magnifier";
import type { MarksSession } from "./MarksSession";
import classes from "./PointPhoto.module.css";

interface Props {
  session: MarksSession;
  settings: ValueStore<Settings>;
}

/** CSS pixels from a dot within which a click means it. */
const REACH = 12;
const CLICK_MOVES = 4;

/** The photo with all points; it moves so that the current one and its surroundings are in sight. */
export function PointPhoto({ session, settings }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const photoCanvas = useRef<HTMLCanvasElement>(null);
  const dotsCanvas = useRef<HTMLCanvasElement>(null);
  const view = useRef<{ stage: Stage; photo: PhotoLayer; dots: DotsLayer } | null>(null);
  const { photo, error, retry } = usePhoto(imageFileUrl(session.task.image.id));
  const { index, marks } = useValue(session.state);
  const { task } = session;

  useEffect(() => {
    const [hostElement, photoElement, dotsElement] = [host.current, photoCanvas.current, dotsCanvas.current];
    if (!hostElement || !photoElement || !dotsElement) return;
    const [x, y, width, height] = task.region;
    const stage = new Stage(hostElement, task.image, { x, y, width, height });
    const photoLayer = new PhotoLayer(photoElement, null);
    const dots = new DotsLayer(dotsElement, session);
    stage.add(photoLayer);
    stage.add(dots);
    const release = followHand(stage, (at) => {
      const distances = session.points.map((point) => {
        const shown = toScreen(stage.view, point);
        return Math.hypot(shown.x - at.x, shown.y - at.y);
      });
      const nearest = distances.indexOf(Math.min(...distances));
      if ((distances[nearest] ?? REACH) < REACH) session.goTo(nearest);
    });
    view.current = { stage, photo: photoLayer, dots };
    return () => {
      view.current = null;
      release();
      stage.destroy();
    };
  }, [session, task]);

  useEffect(() => {
    if (!photo) return;
    view.current?.photo.setPhoto(photo);
    view.current?.stage.requestFrame();
  }, [photo]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the dots are drawn from the session when a mark changes.
  useEffect(() => {
    view.current?.dots.expire();
    view.current?.stage.requestFrame();
  }, [marks, index]);

  const point = session.points[index];
  useEffect(() => {
    const stage = view.current?.stage;
    if (!stage || !point) return;
    const around = partBox(session, point.part);
    const shown = toScreen(stage.view, point);
    // The magnifier lies over the lower edge.
    const free = { width: stage.screen.width, height: Math.max(stage.screen.height - MAGNIFIER_ROOM, 100) };
    const { width, height } = free;
    const central = Math.abs(shown.x - width / 2) < width * 0.38 && Math.abs(shown.y - height / 2) < height * 0.4;
    const wanted = fitBox(around, free);
    const ratio = stage.view.scale / wanted.scale;
    // Within a part the photo rests; it moves for the next part, or when a point is near the edge.
    if (central && ratio > 0.6 && ratio < 4) return;
    stage.moveTo(wanted);
  }, [session, point]);

  return (
    <div className={classes.host} ref={host} data-testid="point-photo">
      <canvas className={classes.layer} ref={photoCanvas} />
      <canvas className={classes.layer} ref={dotsCanvas} role="img" aria-label="The photo with all points" />
      {photo && point && (
        <Magnifier photo={photo} point={point} colour={session.parts.part(point.part).colour} settings={settings} />
      )}
      {error && <PhotoProblem name={task.image.file_name} retry={retry} />}
    </div>
  );
}

/** The points of a part with as much again around them; never less than a sixth of the person. */
function partBox(session: MarksSession, label: number): Box {
  const points = session.points.filter((point) => point.part === label);
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)];
  const [y0, y1] = [Math.min(...ys), Math.max(...ys)];
  const [, , width, height] = session.task.region;
  const room = Math.max(0.5 * Math.max(x1 - x0, y1 - y0), Math.max(width, height) / 12);
  return { x: x0 - room, y: y0 - room, width: x1 - x0 + 2 * room, height: y1 - y0 + 2 * room };
}

/** Dragging moves the photo, a click is told to `onClick` in CSS pixels. Returns how to stop. */
function followHand(stage: Stage, onClick: (at: { x: number; y: number }) => void): () => void {
  const { host } = stage;
  const abort = new AbortController();
  const options = { signal: abort.signal };
  let last: { x: number; y: number; moved: number } | null = null;
  host.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button > 1) return;
      if (event.button === 1) event.preventDefault();
      host.setPointerCapture(event.pointerId);
      last = { x: event.clientX, y: event.clientY, moved: 0 };
    },
    options,
  );
  host.addEventListener(
    "pointermove",
    (event) => {
      if (!last) return;
      const [dx, dy] = [event.clientX - last.x, event.clientY - last.y];
      last = { x: event.clientX, y: event.clientY, moved: last.moved + Math.abs(dx) + Math.abs(dy) };
      stage.pan(dx, dy);
    },
    options,
  );
  host.addEventListener(
    "pointerup",
    (event) => {
      if (last && last.moved < CLICK_MOVES) onClick(stage.screenPointOf(event));
      last = null;
    },
    options,
  );
  host.addEventListener(
    "pointercancel",
    () => {
      last = null;
    },
    options,
  );
  return () => abort.abort();
}
