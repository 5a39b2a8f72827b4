import { ActionIcon, TextInput, Tooltip } from "@mantine/core";
import { IconSearch, IconX } from "@tabler/icons-react";
import { useState } from "react";
import type { Body } from "../api/types";
import { type Parts, spoken } from "../parts";
import classes from "./BodyView.module.css";
import { areaText } from "./format";
import { chartsOf, type Focus } from "./tinting";

interface Props {
  body: Body;
  parts: Parts;
  /** Square metres of each chart, by chart number. */
  areas: Float64Array;
  tints: readonly string[];
  /** What the pointer is over, on the body. */
  hovered: Focus;
  single: Focus;
  onPoint: (focus: Focus) => void;
  onSingle: (focus: Focus) => void;
}

/** From this many charts on there is a field to search them. */
const MANY = 30;

const same = (a: Focus, b: Focus) => a?.kind === b?.kind && a?.number === b?.number;

/** The parts with their charts; pointing at one lights it on the body, a click leaves only it. */
export function PartTree({ body, parts, areas, tints, hovered, single, onPoint, onSingle }: Props) {
  const [wanted, setWanted] = useState("");
  const fits = (text: string) => text.toLowerCase().includes(wanted.toLowerCase().trim());
  const toggle = (focus: Focus) => onSingle(same(single, focus) ? null : focus);
  const area = (charts: readonly number[]) => charts.reduce((sum, chart) => sum + (areas[chart] ?? 0), 0);
  const row = (focus: NonNullable<Focus>, colour: string, name: string, size: number, number?: number) => (
    <button
      type="button"
      className={focus.kind === "part" ? classes.partRow : classes.chartRow}
      aria-pressed={same(single, focus)}
      data-hovered={same(hovered, focus) || undefined}
      onClick={() => toggle(focus)}
      onPointerEnter={() => onPoint(focus)}
      onPointerLeave={() => onPoint(null)}
      onFocus={() => onPoint(focus)}
      onBlur={() => onPoint(null)}
    >
      <i style={{ background: colour }} aria-hidden />
      {number !== undefined && <b className="numbers">{number}</b>}
      <span title={name}>{name}</span>
      <small className="numbers">{areaText(size)}</small>
    </button>
  );
  return (
    <section className={classes.tree} aria-label="Parts and charts">
      <header>
        <h2>Parts and charts</h2>
        {single && (
          <Tooltip label="Show everything (Esc)">
            <ActionIcon size="sm" aria-label="Show everything" onClick={() => onSingle(null)}>
              <IconX size={16} />
            </ActionIcon>
          </Tooltip>
        )}
      </header>
      {body.charts.length + body.parts.length > MANY && (
        <TextInput
          size="xs"
          mx={10}
          mb={6}
          aria-label="Search parts and charts"
          placeholder="Search"
          leftSection={<IconSearch size={14} />}
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
        />
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls has to be reached by the keyboard. */}
      <ul tabIndex={0} aria-label="Parts">
        {parts.inPairs.map((part) => {
          const charts = chartsOf(body, part.label);
          const { full } = spoken(part);
          const shown = charts.filter((chart) => fits(full) || fits(`${chart} ${body.charts[chart - 1]?.name}`));
          if (shown.length === 0) return null;
          return (
            <li key={part.label}>
              {row({ kind: "part", number: part.label }, part.colour, full, area(charts))}
              <ul>
                {shown.map((chart) => (
                  <li key={chart}>
                    {row(
                      { kind: "chart", number: chart },
                      tints[chart] ?? "",
                      body.charts[chart - 1]?.name ?? "",
                      areas[chart] ?? 0,
                      chart,
                    )}
                  </li>
                ))}
              </ul>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
