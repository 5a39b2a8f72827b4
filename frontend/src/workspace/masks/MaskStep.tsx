import { notifications } from "@mantine/notifications";
import { useCallback, useMemo, useRef, useState } from "react";
import { submitMask } from "@/api/endpoints";
import type { Mask, Task } from "@/api/types";
import { type Shortcut, useShortcutHelp } from "@/components/help";
import { type Parts, spoken } from "@/parts";
import type { Rect } from "../engine/geometry";
import type { MaskPayload } from "../journal/http";
import type { Journal } from "../journal/journal";
import { useKeys } from "../keys";
import type { Settings } from "../settings";
import { useValue, type ValueStore } from "../valueStore";
import { FirstHint } from "./FirstHint";
import { MaskCanvas, type MaskCanvasHandle } from "./MaskCanvas";
import { MaskConflict } from "./MaskConflict";
import { clampBrush } from "./MaskInput";
import { MaskSession } from "./MaskSession";
import classes from "./MaskStep.module.css";
import { partKeys } from "./partKeys";
import { SidePanel } from "./SidePanel";
import { SubmitDialog } from "./SubmitDialog";
import { type RailAction, ToolRail } from "./ToolRail";
import { TOOLS } from "./tools";

interface Props {
  task: Task;
  mask: Mask;
  parts: Parts;
  /** The state that the journal holds, newer than the server's. */
  local: MaskPayload | null;
  journal: Journal;
  settings: ValueStore<Settings>;
  onSubmitted: (next: Task) => void;
  /** The person's box was changed meanwhile: everything has to be fetched again. */
  onMoved: () => void;
}

const KEYS: Shortcut[] = [
  { keys: ["S", "X", "C", "Z"], does: "Brush, eraser, polygon, fill" },
  { keys: ["[", "]"], does: "Smaller, larger brush; also Alt + wheel or Alt + drag" },
  { keys: ["right button"], does: "Erase while dragging" },
  { keys: ["Shift", "click"], does: "A straight stroke from the end of the last one" },
  { keys: ["Alt", "click"], does: "Take the part under the pointer" },
  { keys: ["Ctrl", "Z"], does: "Undo; Ctrl + Shift + Z or Ctrl + Y brings it back" },
  { keys: ["L"], does: "Paint only over empty" },
  { keys: ["O"], does: "Outlines only" },
  { keys: ["H"], does: "Hide the mask while held" },
  { keys: ["wheel"], does: "Zoom at the pointer; + and - too" },
  { keys: ["Space", "drag"], does: "Move the photo; the middle button does too" },
  { keys: ["0"], does: "Fit the person" },
  { keys: ["Enter"], does: "Close the polygon; Backspace takes the last corner back, Esc cancels" },
  { keys: ["Ctrl", "Enter"], does: "Submit the masks" },
];

/** Step 1: painting the parts of one person. */
export function MaskStep({ task, mask, parts, local, journal, settings, onSubmitted, onMoved }: Props) {
  const [session] = useState(() => new MaskSession(task, mask, local, journal, parts));
  const handle = useRef<MaskCanvasHandle | null>(null);
  const [hideHeld, setHideHeld] = useState(false);
  const [hideOn, setHideOn] = useState(false);
  const [submitting, setSubmitting] = useState(false);
  const { tool } = useValue(session.hand);
  const { canUndo, canRedo } = useValue(session.state);
  const { onlyEmpty, outlines, hinted } = useValue(settings);
  const keys = useMemo(() => partKeys(parts), [parts]);
  useShortcutHelp("Parts", keys);
  useShortcutHelp("Masks", KEYS);

  const act = useCallback(
    (action: RailAction) => {
      const { onlyEmpty, outlines } = settings.get();
      const stage = handle.current?.stage;
      switch (action.do) {
        case "tool":
          handle.current?.input.cancel();
          session.hand.set({ tool: action.tool });
          break;
        case "undo":
        case "redo":
          session.editor[action.do]();
          break;
        case "onlyEmpty":
          settings.set({ onlyEmpty: !onlyEmpty });
          break;
        case "outlines":
          settings.set({ outlines: !outlines });
          break;
        case "hide":
          setHideOn((on) => !on);
          break;
        case "fit":
          stage?.fit();
          break;
        case "zoomIn":
        case "zoomOut":
          stage?.zoom(action.do === "zoomIn" ? 1.5 : 1 / 1.5);
          break;
      }
    },
    [session, settings],
  );

  useKeys({
    down: (event) => {
      const input = handle.current?.input;
      session.clock.touch();
      if (event.ctrlKey || event.metaKey) {
        if (event.code === "KeyZ") act({ do: event.shiftKey ? "redo" : "undo" });
        else if (event.code === "KeyY") act({ do: "redo" });
        else if (event.key === "Enter") setSubmitting(true);
        else return false;
        return true;
      }
      if (event.altKey) return false;
      if (event.code === "Space") input?.holdPan(true);
      else if (event.code === "KeyH") setHideHeld(true);
      else if (event.key === "Enter") return input?.closePolygon() ?? false;
      else if (event.key === "Backspace") return input?.removeLastCorner() ?? false;
      else if (event.key === "Escape") return input?.cancel() ?? false;
      else if (event.key === "[") settings.set({ brush: clampBrush(settings.get().brush / 1.15) });
      else if (event.key === "]") settings.set({ brush: clampBrush(settings.get().brush * 1.15) });
      else if (event.key === "+" || event.key === "=") act({ do: "zoomIn" });
      else if (event.key === "-") act({ do: "zoomOut" });
      else return pressed(event);
      return true;
    },
    up: (event) => {
      if (event.code === "Space") handle.current?.input.holdPan(false);
      if (event.code === "KeyH") setHideHeld(false);
    },
    blur: () => {
      handle.current?.input.holdPan(false);
      setHideHeld(false);
    },
  });

  /** Keys by their place on the keyboard: parts, tools and switches. */
  const pressed = ({ code, repeat }: KeyboardEvent): boolean => {
    const picked = parts.ofCode(code);
    const chosen = TOOLS.find((each) => each.code === code);
    if (picked) {
      const taken = session.pick(picked.label, { tool: tool === "eraser" ? "brush" : tool });
      if (!taken)
        notifications.show({ id: "not wanted", message: `${spoken(picked).full} is not wanted in this study.` });
    } else if (chosen) act({ do: "tool", tool: chosen.name });
    else if (code === "KeyL" && !repeat) act({ do: "onlyEmpty" });
    else if (code === "KeyO" && !repeat) act({ do: "outlines" });
    else if (code === "Digit0" || code === "Numpad0") act({ do: "fit" });
    else return false;
    return true;
  };

  const show = (rect: Rect) => {
    const [x, y] = task.region;
    const [width, height] = [rect.x1 - rect.x0, rect.y1 - rect.y0];
    const room = Math.max(40, width, height);
    setSubmitting(false);
    handle.current?.stage.show({
      x: x + rect.x0 - room,
      y: y + rect.y0 - room,
      width: width + 2 * room,
      height: height + 2 * room,
    });
  };

  const submit = async () => {
    const next = await session.submit((revision) => submitMask(task.id, revision));
    settings.set({ hinted: true });
    onSubmitted(next);
  };

  return (
    <main className={classes.step} data-hint={!hinted || undefined} onPointerMove={() => session.clock.touch()}>
      {!hinted && <FirstHint onDismiss={() => settings.set({ hinted: true })} />}
      <ToolRail
        tool={tool}
        canUndo={canUndo}
        canRedo={canRedo}
        onlyEmpty={onlyEmpty}
        outlines={outlines}
        hidden={hideOn || hideHeld}
        act={act}
      />
      <MaskCanvas session={session} settings={settings} hidden={hideOn || hideHeld} handle={handle} />
      <SidePanel session={session} settings={settings} onSubmit={() => setSubmitting(true)} />
      {submitting && (
        <SubmitDialog session={session} onClose={() => setSubmitting(false)} onShow={show} onSubmit={submit} />
      )}
      <MaskConflict session={session} journal={journal} onMoved={onMoved} />
    </main>
  );
}
