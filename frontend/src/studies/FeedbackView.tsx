import { ActionIcon, Alert, Group, Text, Title, Tooltip } from "@mantine/core";
import { IconArrowLeft, IconArrowRight } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { imageFileUrl } from "../api/endpoints";
import { queries } from "../api/queries";
import type { Body, SurfacePoint, Task } from "../api/types";
import { usePath } from "../bodies/geodesics";
import { type BodyMesh, type FacePoint, readMesh, seams, type Vec3 } from "../bodies/mesh";
import { baseColours, lighten } from "../bodies/tinting";
import { type Cursor, NOWHERE, useBodyScene } from "../bodies/useBodyScene";
import { percent } from "../components/Meter";
import { LoadingState } from "../components/states";
import { type Parts, partsOf } from "../parts";
import { useKeys } from "../workspace/keys";
import { ValueStore } from "../workspace/valueStore";
import { ErrorScale } from "./ErrorScale";
import classes from "./FeedbackView.module.css";
import { cm } from "./format";
import { rampColour, topOf } from "./scale";
import type { Feedback, PointFeedback } from "./types";

interface Props {
  task: Task;
  feedback: Feedback;
  /** The button that goes on. */
  action: ReactNode;
}

/** After a practice person: each mark with how far it is from the truth, and where that lies on the body. */
export default function FeedbackView({ task, feedback, action }: Props) {
  const body = useQuery(queries.body(task.body.hash));
  const mesh = useQuery(queries.bodyMesh(task.body.hash));
  // The farthest first: that is what one learns from.
  const points = useMemo(
    () =>
      [...feedback.items].sort(
        (a, b) => Number(isMarked(b)) - Number(isMarked(a)) || (b.error ?? -1) - (a.error ?? -1),
      ),
    [feedback],
  );
  const marked = useMemo(() => points.filter(isMarked).length, [points]);
  const [index, setIndex] = useState(0);
  const current = points[index] ?? null;
  const top = useMemo(() => topOf(points.flatMap(({ error }) => error ?? [])), [points]);
  const parts = useMemo(() => (body.data ? partsOf(body.data) : null), [body.data]);
  const step = (by: number) => setIndex((old) => stepped(old, by, marked));
  useKeys({
    down: (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1, " ": 1 }[event.key];
      if (by === undefined) return false;
      step(by);
      return true;
    },
  });
  return (
    <main className={classes.page} data-testid="feedback">
      <header className={classes.head}>
        <div>
          <Title order={2} size="h3" aria-live="polite">
            {headline(feedback)}
          </Title>
          <Text size="sm" c="dimmed">
            {parts && adviceOf(points, parts)}
          </Text>
        </div>
        {action}
      </header>
      {!feedback.measured && (
        <Alert variant="light" p="xs" className={classes.wide} role="status">
          {feedback.table.state === "failed"
            ? "Distances on this body could not be computed; the places are shown without them."
            : `Distances on this body are being computed, ${percent(feedback.table.done, feedback.table.total)}%. They appear by themselves; you need not wait.`}
        </Alert>
      )}
      <section className={classes.photo} aria-label="Your marks on the photo">
        <MarkedPhoto task={task} points={points} current={current} top={top} onPick={setIndex} />
      </section>
      <section className={classes.body} aria-label="On the body">
        <div className={classes.scene}>
          {body.data && mesh.data ? (
            <OnBody body={body.data} file={mesh.data} current={current} />
          ) : (
            <LoadingState label="Loading the body" />
          )}
        </div>
        {current && parts && (
          <div className={classes.caption}>
            <Group gap={4} wrap="nowrap">
              <Tooltip label="The point before (←)">
                <ActionIcon aria-label="The point before" onClick={() => step(-1)}>
                  <IconArrowLeft size={17} />
                </ActionIcon>
              </Tooltip>
              <Text size="sm" className="numbers" aria-live="polite" miw={210} ta="center">
                {index < marked && `${index + 1} of ${marked}: `}
                {parts.name(current.part).toLowerCase()}, <b>{awayWords(current)}</b>
              </Text>
              <Tooltip label="The next point (→)">
                <ActionIcon aria-label="The next point" onClick={() => step(1)}>
                  <IconArrowRight size={17} />
                </ActionIcon>
              </Tooltip>
            </Group>
            <Group gap="md" className={classes.legend}>
              <span>
                <i style={{ background: "#d01f3c" }} /> your mark
              </span>
              <span>
                <i style={{ background: "#5a43c9" }} /> true place
              </span>
            </Group>
          </div>
        )}
      </section>
      <footer className={classes.scale}>
        {feedback.measured && <ErrorScale top={top} unknown={false} />}
        {marked < points.length && (
          <Text size="xs" c="dimmed" className={classes.grey}>
            <i aria-hidden style={{ background: GREY }} /> {unmarkedWords(points)}
          </Text>
        )}
      </footer>
    </main>
  );
}

const GREY = "#9aa2af";

/** Whether a point has a mark, and so a place of its own on the body. */
const isMarked = ({ marked }: PointFeedback) => marked !== null;

/** The next marked point, or the one before; from one without a mark, the first or the last. */
export function stepped(index: number, by: number, marked: number): number {
  if (marked === 0) return index;
  if (index >= marked) return by > 0 ? 0 : marked - 1;
  return (index + by + marked) % marked;
}

/** What the grey points are: "52 flagged, 1 without a mark: no distance". */
export function unmarkedWords(points: readonly PointFeedback[]): string {
  const flagged = points.filter(({ kind }) => kind === "flag").length;
  const none = points.filter((point) => !isMarked(point)).length - flagged;
  const said = [flagged > 0 ? `${flagged} flagged` : "", none > 0 ? `${none} without a mark` : ""];
  return `${said.filter(Boolean).join(", ")}: no distance is known`;
}

function headline({ measured, mean, median }: Feedback): string {
  if (!measured || mean === null) return "Here is where the points truly lie";
  const half = median === null ? "" : `; half of them within ${cm(median)}`;
  return `Your marks are ${cm(mean)} from the true places on average${half}`;
}

/** What to look at, in one sentence. */
export function adviceOf(points: readonly PointFeedback[], parts: Parts): string {
  const worst = points[0];
  if (!worst || worst.error === null) return "Go through the points with the arrow keys and compare.";
  return `The farthest is on the ${parts.name(worst.part).toLowerCase()}, ${cm(worst.error)} off. Go through the points with the arrow keys and compare.`;
}

function awayWords({ error, kind, marked, true: place }: PointFeedback): string {
  if (kind === "flag") return "flagged";
  if (!place) return "shows nothing of the person";
  return error === null ? (marked ? "not measured yet" : "no mark") : `${cm(error)} off`;
}

interface PhotoProps {
  task: Task;
  points: readonly PointFeedback[];
  current: PointFeedback | null;
  top: number;
  onPick: (index: number) => void;
}

function MarkedPhoto({ task, points, current, top, onPick }: PhotoProps) {
  const [x, y, width, height] = task.region;
  const unit = Math.max(width, height) / 100;
  return (
    // The arrow keys go through the points as well.
    <svg
      viewBox={`${x} ${y} ${width} ${height}`}
      role="img"
      aria-label={`The photo with ${points.length} points, coloured by how far the marks are off`}
    >
      <image href={imageFileUrl(task.image.id)} width={task.image.width} height={task.image.height} />
      {points.map((point, index) => {
        const chosen = point === current;
        return (
          // biome-ignore lint/a11y/noStaticElementInteractions: a larger way to what the arrow keys do.
          <circle
            key={point.point_id}
            cx={point.x}
            cy={point.y}
            r={chosen ? 1.7 * unit : unit}
            fill={point.error === null ? GREY : rampColour(point.error / top)}
            stroke={chosen ? "#fff" : "rgb(0 0 0 / 75%)"}
            strokeWidth={(chosen ? 0.6 : 0.3) * unit}
            onClick={() => onPick(index)}
          />
        );
      })}
    </svg>
  );
}

function OnBody({ body, file, current }: { body: Body; file: ArrayBuffer; current: PointFeedback | null }) {
  const mesh = useMemo(() => readMesh(file, body.vertices, body.faces), [file, body]);
  return <Canvas body={body} mesh={mesh} current={current} />;
}

function placeOf(point: SurfacePoint | null | undefined): FacePoint | null {
  return point ? { face: point.face, bary: point.bary as Vec3 } : null;
}

function Canvas({ body, mesh, current }: { body: Body; mesh: BodyMesh; current: PointFeedback | null }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [cursor] = useState(() => new ValueStore<Cursor>(NOWHERE));
  const seam = useMemo(() => seams(mesh, [0, ...body.charts.map(({ part }) => part)]), [mesh, body]);
  const { scene, error } = useBodyScene(canvas, mesh, seam, cursor, { onClick: () => {} });
  const [marked, truth] = useMemo(() => [placeOf(current?.marked), placeOf(current?.true)], [current]);
  const path = usePath(body.hash, marked, marked && truth);
  useEffect(() => {
    const colours = baseColours(body, partsOf(body), "parts").map((colour) => lighten(colour, 0.35));
    scene?.paint([null, ...colours.slice(1)]);
    scene?.show({ isoLines: false, seamLines: true, wireframe: false, byDistance: false });
  }, [scene, body]);
  useEffect(() => {
    scene?.setPin(marked);
    scene?.setTwin(truth);
    const shown = truth ?? marked;
    if (truth && marked) scene?.faceBoth(truth, marked);
    else if (shown) scene?.face(shown);
  }, [scene, marked, truth]);
  const line = marked && truth && !path.isPlaceholderData ? (path.data?.points ?? null) : null;
  useEffect(() => scene?.setPath(line), [scene, line]);
  if (error) {
    return (
      <Text p="lg" size="sm" c="dimmed">
        This browser shows no 3D, so the true places cannot be shown on the body. The photo tells how far each mark is
        off.
      </Text>
    );
  }
  return (
    <>
      <canvas
        ref={canvas}
        className={classes.canvas}
        role="img"
        aria-label="The body in 3D with your mark and the true place"
      />
      <span className={classes.hint}>Drag to turn the body, wheel to zoom</span>
    </>
  );
}
