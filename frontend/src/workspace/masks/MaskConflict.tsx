import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useEffect, useMemo, useRef } from "react";
import type { Mask } from "@/api/types";
import { type LabelMap, moveToRegion, sameRegion } from "../engine/labelMap";
import { drawFilled, makePalette, type Palette } from "../engine/overlay";
import { encodeRuns } from "../engine/runs";
import { fitBox } from "../engine/viewport";
import type { Journal } from "../journal/journal";
import { useJournalStatus } from "../journal/useJournal";
import classes from "./MaskConflict.module.css";
import { type MaskSession, mapIn } from "./MaskSession";

const SIZE = { width: 200, height: 220 };

interface Props {
  session: MaskSession;
  journal: Journal;
  /** The person's box is another one now: task and mask have to be fetched again. */
  onMoved: () => void;
}

/** The mask was changed elsewhere while it was painted here: the annotator chooses, nothing is overwritten unasked. */
export function MaskConflict({ session, journal, onMoved }: Props) {
  useJournalStatus(journal);
  const palette = useMemo(() => makePalette(session.parts.all.map(({ colour }) => colour)), [session]);
  const theirs = journal.conflict(session.ref) as Mask | null;
  if (!theirs) return null;
  const { region } = session.task;
  const moved = !sameRegion(theirs.region, region);
  const keep = async (which: "mine" | "theirs") => {
    if (!moved) {
      await journal.resolve(session.ref, which);
      if (which === "theirs") session.adopt(theirs);
      return;
    }
    // The server takes masks of the new box only: ours goes on as a new write, the old one is set aside.
    const runs = encodeRuns(moveToRegion(session.editor.map, region, theirs.region));
    await journal.resolve(session.ref, "theirs");
    if (which === "mine")
      await journal.record(session.ref, { task_id: session.task.id, region: theirs.region, runs }, 0);
    onMoved();
  };
  return (
    <Modal
      opened
      transitionProps={{ duration: 0 }}
      onClose={() => {}}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title="This mask was changed elsewhere"
      size={480}
    >
      <Stack>
        <Text size="sm">
          While you painted here, a newer version was saved from another place. Both are kept: the one that you do not
          choose can be brought back.{moved && " The person's box was changed, too."}
        </Text>
        <Group grow align="stretch">
          <Version
            title="Here (mine)"
            map={session.editor.map}
            palette={palette}
            onKeep={() => keep("mine")}
            action="Keep mine"
          />
          <Version
            title="Saved elsewhere"
            map={mapIn(theirs.region, theirs, session.parts)}
            palette={palette}
            onKeep={() => keep("theirs")}
            action="Take theirs"
          />
        </Group>
      </Stack>
    </Modal>
  );
}

interface VersionProps {
  title: string;
  map: LabelMap;
  palette: Palette;
  action: string;
  onKeep: () => void;
}

function Version({ title, map, palette, action, onKeep }: VersionProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const picture = new ImageData(SIZE.width, SIZE.height);
    const view = fitBox({ x: 0, y: 0, width: map.width, height: map.height }, SIZE, 4);
    const screen = { x0: 0, y0: 0, x1: SIZE.width, y1: SIZE.height };
    drawFilled(map, view, screen, palette, new Uint32Array(picture.data.buffer));
    context.putImageData(picture, 0, 0);
  }, [map, palette]);
  return (
    <Stack gap={6} align="center">
      <Text size="sm" fw={600}>
        {title}
      </Text>
      <canvas ref={canvas} {...SIZE} className={classes.preview} />
      <Button fullWidth variant="default" onClick={onKeep}>
        {action}
      </Button>
    </Stack>
  );
}
