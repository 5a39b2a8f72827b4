import { Anchor, Checkbox, Group, Text } from "@mantine/core";
import { type Parts, spoken } from "../parts";
import { FIGURE, FIGURE_HEIGHT, FIGURE_WIDTH } from "../workspace/masks/figure";
import classes from "./setup.module.css";

interface Props {
  parts: Parts;
  chosen: ReadonlySet<number>;
  onChange: (chosen: Set<number>) => void;
}

/** Which parts of the body are measured: on the figure of a person, and by name. */
export function PartPicker({ parts, chosen, onChange }: Props) {
  const toggle = (label: number) => {
    const next = new Set(chosen);
    if (!next.delete(label)) next.add(label);
    onChange(next);
  };
  return (
    <div className={parts.human ? classes.parts : undefined}>
      {parts.human && (
        // The boxes beside it say the same to the keyboard and to screen readers.
        <svg className={classes.figure} viewBox={`0 0 ${FIGURE_WIDTH} ${FIGURE_HEIGHT}`} aria-hidden>
          {FIGURE.map(({ label, from, to, width }) => (
            // biome-ignore lint/a11y/noStaticElementInteractions: a larger target beside the check boxes.
            <line
              key={label}
              x1={from[0]}
              y1={from[1]}
              x2={to[0]}
              y2={to[1]}
              strokeWidth={width}
              strokeLinecap="round"
              stroke={chosen.has(label) ? parts.part(label).colour : "var(--dm-line)"}
              onClick={() => toggle(label)}
            />
          ))}
        </svg>
      )}
      <div>
        <Group gap="md" mb="xs">
          <Text size="sm" c="dimmed" className="numbers">
            {chosen.size} of {parts.count}
          </Text>
          <Anchor
            component="button"
            type="button"
            size="sm"
            onClick={() => onChange(new Set(parts.all.map((p) => p.label)))}
          >
            All
          </Anchor>
          <Anchor component="button" type="button" size="sm" onClick={() => onChange(new Set())}>
            None
          </Anchor>
        </Group>
        <div className={classes.partList}>
          {parts.inPairs.map((part) => (
            <Checkbox
              key={part.label}
              size="xs"
              label={spoken(part).full}
              checked={chosen.has(part.label)}
              onChange={() => toggle(part.label)}
            />
          ))}
        </div>
      </div>
    </div>
  );
}
