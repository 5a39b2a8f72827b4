import { Button, Text, Tooltip } from "@mantine/core";
import { useEffect, useMemo, useRef, useState } from "react";
import type { Body } from "../../api/types";
import { type BodyMesh, seams, valueAt } from "../../bodies/mesh";
import { partOf } from "../../bodies/tinting";
import { type Cursor, NOWHERE, useBodyScene } from "../../bodies/useBodyScene";
import { VIEWS } from "../../bodies/views";
import { useScheme } from "../../lib/useScheme";
import { type Parts, partsOf } from "../../parts";
import { useKeys } from "../../workspace/keys";
import { useValue, ValueStore } from "../../workspace/valueStore";
import { ErrorScale } from "../ErrorScale";
import { cm } from "../format";
import { topOf, UNKNOWN } from "../scale";
import classes from "./HeatBody.module.css";

interface Props {
  body: Body;
  mesh: BodyMesh;
  /** (V) metres, NaN where nothing is known. */
  heat: Float32Array;
  alt: string;
  /** This browser has no 3D. */
  onFlat: () => void;
}

const TURN = Math.PI / 24;

/** The body in 3D, coloured by the error of the marks on it. */
export default function HeatBody({ body, mesh, heat, alt, onFlat }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [cursor] = useState(() => new ValueStore<Cursor>(NOWHERE));
  const [held, setHeld] = useState(false);
  const scheme = useScheme();
  const parts = useMemo(() => partsOf(body), [body]);
  const seam = useMemo(() => seams(mesh, [0, ...body.charts.map(({ part }) => part)]), [mesh, body]);
  const top = useMemo(() => topOf(heat), [heat]);
  const { scene, error } = useBodyScene(canvas, mesh, seam, cursor, { onClick: () => {} });
  const flat = error !== null;
  useEffect(() => {
    if (flat) onFlat();
  }, [flat, onFlat]);
  useEffect(() => {
    scene?.paint([null, ...body.charts.map(() => "#808080")]);
    scene?.show({ isoLines: false, seamLines: false, wireframe: false, byDistance: false });
  }, [scene, body]);
  useEffect(() => scene?.setErrors(heat, top, UNKNOWN[scheme]), [scene, heat, top, scheme]);
  // A page that scrolls keeps its wheel until the body is taken into the hand.
  useEffect(() => scene?.setWheel(held), [scene, held]);
  useKeys({
    down: (event) => {
      if (!scene || document.activeElement !== canvas.current || event.ctrlKey || event.metaKey || event.altKey)
        return false;
      const turn = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      const view = /^(Digit|Numpad)([1-6])$/.exec(event.code);
      if (turn) scene.camera.orbit((turn[0] as number) * TURN, (turn[1] as number) * TURN);
      else if (view) scene.camera.look(Number(view[2]) - 1);
      else if (event.key === "+" || event.key === "=") scene.camera.zoom(1.2);
      else if (event.key === "-") scene.camera.zoom(1 / 1.2);
      else return false;
      return true;
    },
  });
  return (
    <div>
      <div className={classes.stage}>
        <canvas
          ref={canvas}
          className={classes.canvas}
          role="img"
          tabIndex={0}
          aria-label={alt}
          data-testid="heat"
          onFocus={() => setHeld(true)}
          onBlur={() => setHeld(false)}
        />
        <UnderPointer body={body} parts={parts} mesh={mesh} heat={heat} cursor={cursor} />
        <Button.Group className={classes.views}>
          {VIEWS.map(({ title }, index) => (
            <Tooltip key={title} label={`Seen from: ${title.toLowerCase()}`}>
              <Button size="compact-xs" variant="default" onClick={() => scene?.camera.look(index)}>
                {title}
              </Button>
            </Tooltip>
          ))}
        </Button.Group>
      </div>
      <div className={classes.scale}>
        <ErrorScale top={top} />
      </div>
    </div>
  );
}

interface UnderProps {
  body: Body;
  parts: Parts;
  mesh: BodyMesh;
  heat: Float32Array;
  cursor: ValueStore<Cursor>;
}

function UnderPointer({ body, parts, mesh, heat, cursor }: UnderProps) {
  const { point, iuv } = useValue(cursor);
  if (!point || !iuv) {
    return (
      <Text className={classes.readout} size="xs">
        Point to read, drag to turn, click and wheel to zoom
      </Text>
    );
  }
  const value = valueAt(mesh, heat, point);
  return (
    <Text className={classes.readout} size="xs" data-testid="heat-readout">
      {parts.name(partOf(body, iuv.i))}: <b className="numbers">{Number.isNaN(value) ? "not measured" : cm(value)}</b>
    </Text>
  );
}
