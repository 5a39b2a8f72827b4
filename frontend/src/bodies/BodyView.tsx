import { Alert, Anchor, Button, Chip, Group, SegmentedControl, Text, Tooltip } from "@mantine/core";
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { Link } from "react-router";
import { messageOf } from "../api/error";
import type { Body } from "../api/types";
import { type Shortcut, useShortcutHelp } from "../components/help";
import { count } from "../components/Meter";
import { partsOf } from "../parts";
import { useKeys } from "../workspace/keys";
import { useValue, ValueStore } from "../workspace/valueStore";
import classes from "./BodyView.module.css";
import { ChartInset } from "./ChartInset";
import { lengthText } from "./format";
import { GeodesicNote } from "./GeodesicNote";
import { pathTrouble, useDistances, useGeodesicsState, usePath } from "./geodesics";
import { type BodyMesh, chartAreas, type FacePoint, iuvOf, positionOf, seams } from "./mesh";
import { PartTree } from "./PartTree";
import { Readout } from "./Readout";
import { SixViews } from "./SixViews";
import { baseColours, chartsOf, type Focus, type Mode, shownColours } from "./tinting";
import { type Cursor, NOWHERE, useBodyScene } from "./useBodyScene";
import { VIEWS } from "./views";

const KEYS: Shortcut[] = [
  { keys: ["drag"], does: "Turn the body; right button or Shift + drag moves it; the wheel zooms at the pointer" },
  { keys: ["click"], does: "Measure from here: distance rings, and the way to the pointer" },
  { keys: ["Shift", "click"], does: "Hold the end of the way here" },
  { keys: ["Esc"], does: "Clear the click, then what is singled out" },
  { keys: ["Arrows"], does: "Turn the body" },
  { keys: ["+", "-"], does: "Nearer, farther" },
  { keys: ["1", "–", "6"], does: "Front, back, left side, right side, above, below" },
  { keys: ["F"], does: "Show the whole body" },
  { keys: ["C", "P", "D"], does: "Colour by chart, by part, by distance" },
  { keys: ["I", "S", "W", "M"], does: "Lines of equal U and V, seams, triangles, mirror point: on or off" },
];

const MODES: { value: Mode; label: string; code: string }[] = [
  { value: "charts", label: "Charts", code: "KeyC" },
  { value: "parts", label: "Parts", code: "KeyP" },
  { value: "distance", label: "Distance", code: "KeyD" },
];

const TOGGLES = [
  { name: "isoLines", label: "U,V lines", code: "KeyI" },
  { name: "seamLines", label: "Seams", code: "KeyS" },
  { name: "wireframe", label: "Triangles", code: "KeyW" },
  { name: "mirror", label: "Mirror point", code: "KeyM" },
] as const;

type Toggle = (typeof TOGGLES)[number]["name"];

/** How long the pointer rests before the way to it is asked for. */
const REST_MS = 120;
const TURN = Math.PI / 24;

/** A body in 3D with everything that can be read off it. */
export default function BodyView({ body, mesh }: { body: Body; mesh: BodyMesh }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [cursor] = useState(() => new ValueStore<Cursor>(NOWHERE));
  const [twin] = useState(() => new ValueStore<Cursor>(NOWHERE));
  const [mode, setMode] = useState<Mode>("charts");
  const [on, setOn] = useState<Record<Toggle, boolean>>({
    isoLines: true,
    seamLines: true,
    wireframe: false,
    mirror: false,
  });
  const [pointed, setPointed] = useState<Focus>(null);
  const [single, setSingle] = useState<Focus>(null);
  const [clicked, setClicked] = useState<FacePoint | null>(null);
  const [held, setHeld] = useState<FacePoint | null>(null);
  const resting = useResting(cursor, REST_MS);
  const hoveredChart = useSyncExternalStore(cursor.subscribe, () => cursor.get().iuv?.i ?? null);
  const hovered: Focus = hoveredChart === null ? null : { kind: "chart", number: hoveredChart };
  useShortcutHelp("Looking at a body", KEYS);

  const parts = useMemo(() => partsOf(body), [body]);
  const partOfChart = useMemo(() => [0, ...body.charts.map(({ part }) => part)], [body]);
  const areas = useMemo(() => chartAreas(mesh, body.charts.length), [mesh, body]);
  const seam = useMemo(() => seams(mesh, partOfChart), [mesh, partOfChart]);
  const tints = useMemo(() => baseColours(body, parts, "charts"), [body, parts]);
  const base = useMemo(() => baseColours(body, parts, mode), [body, parts, mode]);

  const { scene, error } = useBodyScene(canvas, mesh, seam, cursor, {
    onClick: (point, withShift) => {
      if (!point) return;
      setHeld(withShift && clicked ? point : null);
      if (!withShift || !clicked) setClicked(point);
    },
  });
  const distances = useDistances(body.hash, clicked);
  const table = useGeodesicsState(body.hash, clicked !== null);
  const path = usePath(body.hash, clicked, clicked ? (held ?? resting) : null);
  const end = held ?? resting;
  const trouble = distances.error ?? pathTrouble(path.error);

  const light = pointed ?? hovered;
  const [lightKind, lightNumber] = [light?.kind, light?.number];
  useEffect(() => {
    const focus: Focus = lightKind && lightNumber ? { kind: lightKind, number: lightNumber } : null;
    scene?.paint(shownColours(body, base, focus, single));
  }, [scene, body, base, lightKind, lightNumber, single]);
  const framed = useRef(single);
  useEffect(() => {
    if (framed.current !== single) scene?.camera.frame();
    framed.current = single;
  }, [scene, single]);
  useEffect(() => {
    const { isoLines, seamLines, wireframe } = on;
    scene?.show({ isoLines, seamLines, wireframe, byDistance: mode === "distance" });
  }, [scene, on, mode]);
  useEffect(() => scene?.setPin(clicked), [scene, clicked]);
  const metres = clicked ? (distances.data?.metres ?? null) : null;
  useEffect(() => scene?.setDistances(metres), [scene, metres]);
  const points = clicked && end ? (path.data?.points ?? null) : null;
  useEffect(() => scene?.setPath(points), [scene, points]);
  const mirroring = on.mirror && body.symmetric;
  useEffect(() => {
    if (!scene) return;
    const follow = () => {
      const { point } = cursor.get();
      const other = mirroring && point ? scene.mirrored(point) : null;
      scene.setTwin(other);
      twin.set(other ? { point: other, iuv: iuvOf(mesh, other), position: positionOf(mesh, other) } : NOWHERE);
    };
    follow();
    return cursor.subscribe(follow);
  }, [scene, mirroring, cursor, twin, mesh]);

  const clear = () => {
    if (clicked) {
      setClicked(null);
      setHeld(null);
    } else setSingle(null);
  };
  useKeys({
    down: (event) => {
      if (!scene || event.ctrlKey || event.metaKey || event.altKey) return false;
      const turn = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      const view = /^(Digit|Numpad)([1-6])$/.exec(event.code);
      const colouring = MODES.find(({ code }) => code === event.code);
      const toggle = TOGGLES.find(({ code }) => code === event.code);
      if (turn) scene.camera.orbit((turn[0] as number) * TURN, (turn[1] as number) * TURN);
      else if (view) scene.camera.look(Number(view[2]) - 1);
      else if (event.key === "+" || event.key === "=") scene.camera.zoom(1.2);
      else if (event.key === "-") scene.camera.zoom(1 / 1.2);
      else if (event.key === "Escape") clear();
      else if (event.code === "KeyF") scene.camera.frame();
      else if (colouring) setMode(colouring.value);
      else if (toggle && (toggle.name !== "mirror" || body.symmetric))
        setOn({ ...on, [toggle.name]: !on[toggle.name] });
      else return false;
      return true;
    },
  });

  return (
    <div className={classes.page}>
      <div className={classes.side}>
        <header className={classes.head}>
          <Anchor component={Link} to="/bodies" size="xs">
            Bodies
          </Anchor>
          <h1>{body.name}</h1>
          <Text size="xs" c="dimmed" className="numbers">
            {count(body.vertices)} vertices, {count(body.faces)} triangles
            <br />
            <span title={body.hash}>{body.hash.slice(0, 12)}</span>, {body.symmetric ? "symmetric" : "not symmetric"}
          </Text>
        </header>
        <PartTree
          body={body}
          parts={parts}
          areas={areas}
          tints={tints}
          hovered={hovered}
          single={single}
          onPoint={setPointed}
          onSingle={setSingle}
        />
        <Text size="xs" c="dimmed" className={classes.sides}>
          {parts.human ? "Left and right are the person's own." : "Left and right are the body's own."}
        </Text>
      </div>
      <div className={classes.stage}>
        {error ? (
          <SixViews body={body} parts={parts} />
        ) : (
          <>
            <canvas
              ref={canvas}
              className={classes.canvas}
              data-testid="body-canvas"
              role="img"
              aria-label={`${body.name} in 3D. Keys 1 to 6 show it from its sides, arrows turn it.`}
            />
            <div className={classes.tools}>
              <SegmentedControl
                size="xs"
                aria-label="Colour by"
                value={mode}
                onChange={(value) => setMode(value as Mode)}
                data={MODES.map(({ value, label }) => ({ value, label }))}
              />
              <Group gap={6}>
                {TOGGLES.map(({ name, label }) => (
                  <Chip
                    key={name}
                    size="xs"
                    radius="sm"
                    checked={on[name] && (name !== "mirror" || body.symmetric)}
                    disabled={name === "mirror" && !body.symmetric}
                    onChange={(checked) => setOn({ ...on, [name]: checked })}
                  >
                    {label}
                  </Chip>
                ))}
              </Group>
            </div>
            <Button.Group className={classes.views}>
              {VIEWS.map(({ title }, index) => (
                <Tooltip key={title} label={`From ${titleInWords(title)} (${index + 1})`}>
                  <Button size="compact-xs" variant="default" onClick={() => scene?.camera.look(index)}>
                    {title}
                  </Button>
                </Tooltip>
              ))}
            </Button.Group>
            {mode === "distance" && !clicked && (
              <Text className={classes.hint} size="sm">
                Click a point of the body: its colours will say how far everything is from there.
              </Text>
            )}
          </>
        )}
      </div>
      {!error && (
        <aside className={classes.panel} aria-label="Under the pointer">
          <Readout
            body={body}
            parts={parts}
            mesh={mesh}
            cursor={cursor}
            distances={metres}
            clicked={clicked !== null}
            twin={twin}
          />
          {clicked && end && (
            <Way
              cursor={cursor}
              end={end}
              held={held !== null}
              length={path.isPlaceholderData ? null : path.data?.length}
            />
          )}
          {trouble && (
            <Alert color="red" variant="light" p="xs" role="alert">
              {messageOf(trouble)}
            </Alert>
          )}
          {clicked && <GeodesicNote state={table.data} exact={distances.data?.exact} onClear={clear} />}
          <ChartInset
            mesh={mesh}
            seams={seam}
            cursor={cursor}
            resting={single?.kind === "part" ? (chartsOf(body, single.number)[0] ?? 1) : (single?.number ?? null)}
            tints={tints}
            nameOf={(chart) => body.charts[chart - 1]?.name ?? ""}
          />
        </aside>
      )}
    </div>
  );
}

interface WayProps {
  cursor: ValueStore<Cursor>;
  end: FacePoint;
  /** The end stays although the pointer goes on. */
  held: boolean;
  /** Metres; none until it is known. */
  length: number | null | undefined;
}

/** The length of the shortest way, as soon as it is that to where the pointer is. */
function Way({ cursor, end, held, length }: WayProps) {
  const { point } = useValue(cursor);
  const known = typeof length === "number" && (held || point === end);
  return (
    <Text size="sm" className={classes.way} data-testid="read-path">
      <i aria-hidden /> Shortest way {held && "to the held point "}
      <b className="numbers">{known ? lengthText(length) : "…"}</b>
    </Text>
  );
}

const titleInWords = (title: string) => (/side/.test(title) ? `its ${title.toLowerCase()}` : title.toLowerCase());

/** The point under the pointer once it has rested there; null as soon as it is beside the body. */
function useResting(cursor: ValueStore<Cursor>, after: number): FacePoint | null {
  const [point, setPoint] = useState<FacePoint | null>(null);
  useEffect(() => {
    let timer = 0;
    const stop = cursor.subscribe(() => {
      window.clearTimeout(timer);
      const now = cursor.get().point;
      if (now) timer = window.setTimeout(() => setPoint(now), after);
      else setPoint(null);
    });
    return () => {
      window.clearTimeout(timer);
      stop();
    };
  }, [cursor, after]);
  return point;
}
