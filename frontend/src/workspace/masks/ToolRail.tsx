import { ActionIcon, Tooltip } from "@mantine/core";
import {
  IconArrowBackUp,
  IconArrowForwardUp,
  IconBrush,
  IconBucketDroplet,
  IconEraser,
  IconEye,
  IconEyeOff,
  IconLock,
  IconLockOpen,
  IconMaximize,
  IconPolygon,
  IconShape,
  IconZoomIn,
  IconZoomOut,
} from "@tabler/icons-react";
import type { ComponentType, ReactNode } from "react";
import classes from "./ToolRail.module.css";
import { TOOLS, type ToolName } from "./tools";

const ICONS: Record<ToolName, ComponentType<{ size: number; stroke: number }>> = {
  brush: IconBrush,
  eraser: IconEraser,
  polygon: IconPolygon,
  fill: IconBucketDroplet,
};
const ICON = { size: 20, stroke: 1.7 };

interface Props {
  tool: ToolName;
  canUndo: boolean;
  canRedo: boolean;
  onlyEmpty: boolean;
  outlines: boolean;
  hidden: boolean;
  act: (action: RailAction) => void;
}

export type RailAction =
  | { do: "tool"; tool: ToolName }
  | { do: "undo" | "redo" | "onlyEmpty" | "outlines" | "hide" | "fit" | "zoomIn" | "zoomOut" };

/** Tools and switches, each with its key. */
export function ToolRail({ tool, canUndo, canRedo, onlyEmpty, outlines, hidden, act }: Props) {
  return (
    <div className={classes.rail} role="toolbar" aria-label="Tools" aria-orientation="vertical">
      {TOOLS.map(({ name, title, key }) => {
        const Icon = ICONS[name];
        const press = () => act({ do: "tool", tool: name });
        return (
          <RailButton key={name} id={`tool-${name}`} title={title} keys={key} on={name === tool} press={press}>
            <Icon {...ICON} />
          </RailButton>
        );
      })}
      <hr className={classes.line} />
      <RailButton id="undo" title="Undo" keys="Ctrl+Z" off={!canUndo} press={() => act({ do: "undo" })}>
        <IconArrowBackUp {...ICON} />
      </RailButton>
      <RailButton id="redo" title="Redo" keys="Ctrl+Shift+Z" off={!canRedo} press={() => act({ do: "redo" })}>
        <IconArrowForwardUp {...ICON} />
      </RailButton>
      <hr className={classes.line} />
      <RailButton
        id="only-empty"
        title={onlyEmpty ? "Paints only over empty" : "Paints over other parts"}
        keys="L"
        on={onlyEmpty}
        press={() => act({ do: "onlyEmpty" })}
      >
        {onlyEmpty ? <IconLock {...ICON} /> : <IconLockOpen {...ICON} />}
      </RailButton>
      <RailButton id="outlines" title="Outlines only" keys="O" on={outlines} press={() => act({ do: "outlines" })}>
        <IconShape {...ICON} />
      </RailButton>
      <RailButton id="hide" title="Hide the mask" keys="hold H" on={hidden} press={() => act({ do: "hide" })}>
        {hidden ? <IconEyeOff {...ICON} /> : <IconEye {...ICON} />}
      </RailButton>
      <hr className={classes.line} />
      <RailButton id="fit" title="Fit the person" keys="0" press={() => act({ do: "fit" })}>
        <IconMaximize {...ICON} />
      </RailButton>
      <RailButton id="zoom-in" title="Zoom in" keys="+ or wheel" press={() => act({ do: "zoomIn" })}>
        <IconZoomIn {...ICON} />
      </RailButton>
      <RailButton id="zoom-out" title="Zoom out" keys="- or wheel" press={() => act({ do: "zoomOut" })}>
        <IconZoomOut {...ICON} />
      </RailButton>
    </div>
  );
}

interface ButtonProps {
  id: string;
  title: string;
  keys: string;
  /** Pressed (a switch or the tool in hand). */
  on?: boolean;
  off?: boolean;
  press: () => void;
  children: ReactNode;
}

function RailButton({ id, title, keys, on, off = false, press, children }: ButtonProps) {
  return (
    <Tooltip label={`${title} (${keys})`} position="right">
      <ActionIcon
        size={36}
        variant={on ? "filled" : "subtle"}
        color={on ? "accent" : "gray"}
        aria-label={`${title} (${keys})`}
        aria-pressed={on}
        aria-disabled={off}
        data-disabled={off || undefined}
        data-testid={id}
        onClick={() => !off && press()}
      >
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
