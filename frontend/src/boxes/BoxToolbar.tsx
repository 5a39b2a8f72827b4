import { ActionIcon, Button, Group, Text, Tooltip } from "@mantine/core";
import {
  IconArrowBackUp,
  IconArrowForwardUp,
  IconArrowsMaximize,
  IconMinus,
  IconPlus,
  IconRectangle,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./BoxToolbar.module.css";
import type { BoxState } from "./store";
import type { Viewport } from "./useViewport";

interface Props {
  heading: ReactNode;
  state: BoxState;
  drawing: boolean;
  readOnly: boolean;
  viewport: Viewport;
  onDraw: () => void;
  onUndo: () => void;
  onRedo: () => void;
}

const SAVING = {
  saved: "Saved",
  saving: "Saving",
  offline: "Not saved: no connection. Kept here and sent again.",
} as const;

export function BoxToolbar({ heading, state, drawing, readOnly, viewport, onDraw, onUndo, onRedo }: Props) {
  return (
    <div className={classes.bar} role="toolbar" aria-label="Box editor">
      {heading}
      <Group gap="md" wrap="nowrap">
        {!readOnly && (
          <>
            <Text size="xs" c={state.saving === "offline" ? "var(--dm-bad)" : "dimmed"} role="status">
              {SAVING[state.saving]}
            </Text>
            <Group gap={2} wrap="nowrap">
              <Tool label="Undo" keys="Ctrl Z" disabled={!state.canUndo} onClick={onUndo} icon={<IconArrowBackUp />} />
              <Tool
                label="Redo"
                keys="Ctrl Shift Z"
                disabled={!state.canRedo}
                onClick={onRedo}
                icon={<IconArrowForwardUp />}
              />
            </Group>
          </>
        )}
        <Group gap={2} wrap="nowrap">
          <Tool label="Zoom out" keys="-" onClick={() => viewport.zoom(0.8)} icon={<IconMinus />} />
          <Text
            size="xs"
            w={58}
            ta="center"
            style={{ flex: "none", whiteSpace: "nowrap" }}
            className="numbers"
            aria-label="Zoom"
          >
            {Math.round(viewport.view.scale * 100)} %
          </Text>
          <Tool label="Zoom in" keys="+" onClick={() => viewport.zoom(1.25)} icon={<IconPlus />} />
          <Tool label="Whole photo" keys="0" onClick={viewport.fit} icon={<IconArrowsMaximize />} />
        </Group>
        {!readOnly && (
          <Tooltip label="N">
            <Button
              variant={drawing ? "filled" : "default"}
              size="xs"
              aria-pressed={drawing}
              leftSection={<IconRectangle size={16} />}
              onClick={onDraw}
            >
              New box
            </Button>
          </Tooltip>
        )}
      </Group>
    </div>
  );
}

function Tool(props: { label: string; keys: string; icon: ReactNode; disabled?: boolean; onClick: () => void }) {
  return (
    <Tooltip label={`${props.label} (${props.keys})`}>
      <ActionIcon
        aria-label={props.label}
        disabled={props.disabled ?? false}
        onClick={props.onClick}
        className={classes.tool}
      >
        {props.icon}
      </ActionIcon>
    </Tooltip>
  );
}
