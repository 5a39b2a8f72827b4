import { Button, Kbd, Slider, Text } from "@mantine/core";
import { useState } from "react";
import { type Parts, spoken } from "@/parts";
import { BRUSH_MAX, BRUSH_MIN, type Settings } from "../settings";
import { useValue, type ValueStore } from "../valueStore";
import { seenFromBehind } from "./figure";
import type { MaskSession } from "./MaskSession";
import { Palette } from "./Palette";
import classes from "./SidePanel.module.css";

interface Props {
  session: MaskSession;
  settings: ValueStore<Settings>;
  onSubmit: () => void;
}

// The slider's steps grow with the brush: a pixel matters at 4 and not at 200.
const toStep = (brush: number) => Math.log(brush / BRUSH_MIN) / Math.log(BRUSH_MAX / BRUSH_MIN);
const fromStep = (step: number) => Math.round(BRUSH_MIN * (BRUSH_MAX / BRUSH_MIN) ** step);

/** The parts that a study asks for, in the order of lists: "Head, torso". */
function wantedNames(parts: Parts, wanted: ReadonlySet<number>): string {
  const names = parts.inPairs.filter(({ label }) => wanted.has(label)).map((part) => spoken(part).full);
  const said = names.join(", ").toLowerCase();
  return said.charAt(0).toUpperCase() + said.slice(1);
}

/** What is painted with, and the way on. */
export function SidePanel({ session, settings, onSubmit }: Props) {
  const { label } = useValue(session.hand);
  const { painted } = useValue(session.state);
  const { brush, opacity } = useValue(settings);
  const [fromBehind, setFromBehind] = useState(() => seenFromBehind(session.task.person.keypoints) ?? false);
  return (
    <section className={classes.panel} aria-label="Parts">
      {session.wanted && (
        <Text size="xs" c="dimmed" data-testid="wanted-parts">
          Only these: <b>{wantedNames(session.parts, session.wanted)}</b>
        </Text>
      )}
      <Palette
        parts={session.parts}
        bodyHash={session.task.body.hash}
        label={label}
        painted={painted}
        fromBehind={fromBehind}
        onFromBehind={setFromBehind}
        isWanted={(each) => session.isWanted(each)}
        onPick={(picked) => session.pick(picked)}
      />
      <div className={classes.slider}>
        <Text size="xs">Brush</Text>
        <Text size="xs" c="dimmed">
          {Math.round(brush)} px <Kbd size="xs">[</Kbd> <Kbd size="xs">]</Kbd>
        </Text>
        <Slider
          size="sm"
          min={0}
          max={1}
          step={0.01}
          label={null}
          thumbLabel="Brush size"
          value={toStep(brush)}
          onChange={(step) => settings.set({ brush: fromStep(step) })}
        />
      </div>
      <div className={classes.slider}>
        <Text size="xs">Mask</Text>
        <Text size="xs" c="dimmed">
          {Math.round(opacity * 100)} %
        </Text>
        <Slider
          size="sm"
          min={0.1}
          max={1}
          step={0.05}
          label={null}
          thumbLabel="Opacity of the mask"
          value={opacity}
          onChange={(value) => settings.set({ opacity: value })}
        />
      </div>
      <Button fullWidth onClick={onSubmit} data-testid="submit" rightSection={<Kbd size="xs">Ctrl+Enter</Kbd>}>
        Submit masks
      </Button>
    </section>
  );
}
