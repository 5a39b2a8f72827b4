import { Loader, Text } from "@mantine/core";
import type { Body } from "../api/types";
import { type Parts, spoken } from "../parts";
import { SideBadge } from "../workspace/SideBadge";
import { useValue, type ValueStore } from "../workspace/valueStore";
import classes from "./BodyView.module.css";
import { lengthText } from "./format";
import { type BodyMesh, distanceAt } from "./mesh";
import { partOf } from "./tinting";
import type { Cursor } from "./useBodyScene";

interface Props {
  body: Body;
  parts: Parts;
  mesh: BodyMesh;
  cursor: ValueStore<Cursor>;
  /** Metres from the clicked point, per vertex. */
  distances: Float32Array | null;
  /** Whether a point is clicked, so that distances are on their way. */
  clicked: boolean;
  twin: ValueStore<Cursor>;
}

/** What is under the pointer, in figures. */
export function Readout({ body, parts, mesh, cursor, distances, clicked, twin }: Props) {
  const { point, iuv, position } = useValue(cursor);
  const mirrored = useValue(twin).iuv;
  const part = iuv ? parts.part(partOf(body, iuv.i)) : null;
  const said = part && spoken(part);
  const away = point && distances ? distanceAt(mesh, distances, point) : null;
  return (
    <dl className={classes.readout} data-testid="readout" data-away={!point || undefined}>
      <dt>I</dt>
      <dd>
        <b data-testid="read-i">{iuv?.i ?? "–"}</b>{" "}
        <span>{iuv ? body.charts[iuv.i - 1]?.name : "Move over the body"}</span>
      </dd>
      <dt>U</dt>
      <dd className="numbers">
        <b data-testid="read-u">{iuv?.u.toFixed(3) ?? "–"}</b>
      </dd>
      <dt>V</dt>
      <dd className="numbers">
        <b data-testid="read-v">{iuv?.v.toFixed(3) ?? "–"}</b>
      </dd>
      <dt>Part</dt>
      <dd data-testid="read-part">
        {said ? (
          <>
            <i style={{ background: part?.colour }} aria-hidden />
            <SideBadge side={said.side} /> {said.side ? said.limb : said.full}
          </>
        ) : (
          "–"
        )}
      </dd>
      <dt>Place</dt>
      <dd className="numbers" data-testid="read-place">
        {position ? `${position.map((x) => x.toFixed(4)).join(", ")} m` : "–"}
      </dd>
      <dt>Distance</dt>
      <dd className="numbers" data-testid="read-distance">
        {away !== null ? (
          <b>{lengthText(away)}</b>
        ) : clicked && !distances ? (
          <Loader size={14} role="status" aria-label="Distances are on their way" />
        ) : clicked ? (
          "–"
        ) : (
          <Text span size="xs" c="dimmed">
            click a point to measure from it
          </Text>
        )}
      </dd>
      {mirrored && (
        <>
          <dt>Mirror</dt>
          <dd className="numbers" data-testid="read-mirror">
            <b>{mirrored.i}</b> {body.charts[mirrored.i - 1]?.name}, {mirrored.u.toFixed(3)}, {mirrored.v.toFixed(3)}
          </dd>
        </>
      )}
    </dl>
  );
}
