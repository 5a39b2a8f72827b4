import { SegmentedControl, Text } from "@mantine/core";
import { type KeyboardEvent, useState } from "react";
import { type Part, type Parts, spoken } from "@/parts";
import { SideBadge } from "../SideBadge";
import { FIGURE, FIGURE_HEIGHT, FIGURE_WIDTH, inkOn, type Limb, mirrored } from "./figure";
import classes from "./Palette.module.css";
import { PartList } from "./PartList";

interface Props {
  parts: Parts;
  label: number;
  painted: ReadonlySet<number>;
  /** Whether a part is to be painted here; the others are shown and cannot be picked. */
  isWanted: (label: number) => boolean;
  fromBehind: boolean;
  onFromBehind: (fromBehind: boolean) => void;
  onPick: (label: number) => void;
}

/** The parts to paint with: a figure for the 14 of a person, a list for those of any other body. */
export function Palette(props: Props & { bodyHash: string }) {
  return props.parts.human ? <FigurePalette {...props} /> : <PartList {...props} />;
}

/** The parts as a figure that stands as the person in the photo does; each shows its key. */
function FigurePalette({ parts, label, painted, isWanted, fromBehind, onFromBehind, onPick }: Props) {
  const [pointed, setPointed] = useState<number | null>(null);
  const limbs = fromBehind ? FIGURE.map(mirrored) : FIGURE;
  const current = parts.part(label);
  const shown = spoken(parts.part(pointed ?? label));
  const notWanted = pointed !== null && !isWanted(pointed);
  const [start, end] = fromBehind ? (["Left", "Right"] as const) : (["Right", "Left"] as const);
  const move = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const open = FIGURE.filter((limb) => isWanted(limb.label));
    const index = open.findIndex((limb) => limb.label === label);
    onPick((open[(index + by + open.length) % open.length] as Limb).label);
  };
  return (
    <div className={classes.palette}>
      <div className={classes.current} style={{ borderColor: current.colour }} aria-live="polite">
        <SideBadge side={shown.side} />
        <span className={classes.limb}>{shown.side ? shown.limb : shown.full}</span>
        {notWanted && (
          <Text span size="xs" c="dimmed" fw={400}>
            not wanted here
          </Text>
        )}
      </div>
      <div className={classes.sides}>
        <SideName side={start} />
        <SideName side={end} />
      </div>
      <div
        className={classes.figure}
        role="radiogroup"
        aria-label="Part to paint"
        onKeyDown={move}
        onPointerLeave={() => setPointed(null)}
      >
        <svg viewBox={`0 0 ${FIGURE_WIDTH} ${FIGURE_HEIGHT}`} role="presentation">
          {limbs.map((limb) => (
            <LimbShape
              key={limb.label}
              limb={limb}
              part={parts.part(limb.label)}
              chosen={limb.label === label}
              painted={painted.has(limb.label)}
              wanted={isWanted(limb.label)}
              onPick={onPick}
              onPoint={setPointed}
            />
          ))}
        </svg>
      </div>
      <SegmentedControl
        size="xs"
        fullWidth
        aria-label="How the person stands"
        value={fromBehind ? "behind" : "front"}
        onChange={(value) => onFromBehind(value === "behind")}
        data={[
          { value: "front", label: "Faces you" },
          { value: "behind", label: "From behind" },
        ]}
      />
    </div>
  );
}

function SideName({ side }: { side: "Left" | "Right" }) {
  return (
    <Text size="xs" c="dimmed" lh={1.5} component="div">
      person's
      <br />
      <SideBadge side={side} />
    </Text>
  );
}

interface LimbProps {
  limb: Limb;
  part: Part;
  chosen: boolean;
  painted: boolean;
  wanted: boolean;
  onPick: (label: number) => void;
  onPoint: (label: number) => void;
}

function LimbShape({ limb, part, chosen, painted, wanted, onPick, onPoint }: LimbProps) {
  const { label, from, to, width } = limb;
  const { colour, key } = part;
  const line = { x1: from[0], y1: from[1], x2: to[0], y2: to[1] };
  const middle = { x: (from[0] + to[0]) / 2, y: (from[1] + to[1]) / 2 };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a radio button cannot be a shape of a drawing.
    <g
      role="radio"
      aria-checked={chosen}
      aria-disabled={!wanted}
      aria-label={`${spoken(part).full}, ${wanted ? `key ${key}` : "not wanted"}${painted ? ", painted" : ""}`}
      tabIndex={chosen ? 0 : -1}
      data-testid={`part-${label}`}
      className={classes.part}
      onClick={() => onPick(label)}
      onPointerEnter={() => onPoint(label)}
      onKeyDown={(event) => (event.key === " " || event.key === "Enter") && onPick(label)}
    >
      <line {...line} className={classes.casing} data-chosen={chosen} strokeWidth={width + (chosen ? 8 : 2)} />
      {chosen && <line {...line} className={classes.gap} strokeWidth={width + 3} />}
      <line {...line} className={classes.ground} strokeWidth={width} />
      <line {...line} stroke={colour} strokeWidth={width} strokeOpacity={painted ? 1 : wanted ? 0.42 : 0} />
      {wanted && (
        <text x={middle.x} y={middle.y} className={classes.key} style={painted ? { fill: inkOn(colour) } : undefined}>
          {key}
        </text>
      )}
    </g>
  );
}
