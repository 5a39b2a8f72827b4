import { Alert, Text } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { imageFileUrl, openPersonTask } from "../api/endpoints";
import { messageOf } from "../api/error";
import type { Box, ImageWithPersons } from "../api/types";
import { type Shortcut, useShortcutHelp } from "../components/help";
import { uuid } from "../lib/uuid";
import { BoxCanvas } from "./BoxCanvas";
import classes from "./BoxEditor.module.css";
import { BoxToolbar } from "./BoxToolbar";
import { moveBox, resizeBox } from "./geometry";
import { PersonList } from "./PersonList";
import { personState } from "./personState";
import { useBoxStore } from "./useBoxStore";
import { useRemoval } from "./useRemoval";
import { useViewport } from "./useViewport";

const SHORTCUTS: Shortcut[] = [
  { keys: ["N"], does: "Draw a new box, even on top of another; Enter puts one in the middle" },
  { keys: ["Arrows"], does: "Move the selected box by a pixel (with Shift by ten)" },
  { keys: ["Alt", "Arrows"], does: "Move its right and lower edge" },
  { keys: ["Del"], does: "Remove the selected person" },
  { keys: ["Ctrl", "Z"], does: "Undo; with Shift redo" },
  { keys: ["A"], does: "Annotate the selected person, or the first" },
  { keys: ["Page Up", "Page Down"], does: "Previous, next image" },
  { keys: ["+", "-", "0"], does: "Zoom in, out, whole photo (or the wheel)" },
  { keys: ["Space"], does: "Hold and drag to move the photo" },
  { keys: ["Esc"], does: "Stop drawing, select nothing" },
];

interface Props {
  image: ImageWithPersons;
  readOnly: boolean;
  /** How many parts the project's body has, once that is known. */
  parts: number | undefined;
  /** What stands on the left of the toolbar. */
  heading: ReactNode;
  /** Extra buttons of the panel's foot. */
  footer?: ReactNode;
}

/** One photo and the boxes of its people. */
export function BoxEditor({ image, readOnly, parts, heading, footer }: Props) {
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const { store, state } = useBoxStore(image);
  const { boxes, selected } = state;
  const [drawing, setDrawing] = useState(false);
  const element = useRef<HTMLDivElement>(null);
  const viewport = useViewport(element, image);
  useShortcutHelp("Boxes", SHORTCUTS);

  const wished = search.get("person");
  useEffect(() => store.select(wished), [store, wished]);

  const annotate = useMutation({
    mutationFn: (id: string) => openPersonTask(id),
    onSuccess: (task) => navigate(`/annotate/${task.id}`),
    onError: (error) => notifications.show({ color: "red", message: messageOf(error) }),
  });

  const draw = (box: Box) => {
    store.change(uuid(), box);
    setDrawing(false);
  };
  const { remove, dialog } = useRemoval(store, state, readOnly);

  const current = boxes.find((item) => item.id === selected);
  // Who is annotated where nobody was chosen yet: the first one.
  const offered = current ?? boxes[0];
  // One row of presses on one box is one gesture, undone at once.
  const gesture = useMemo(() => `${selected}/${Math.random()}`, [selected]);
  const nudge =
    (dx: number, dy: number, edge = false) =>
    () => {
      if (!current || readOnly) return;
      const box = edge ? resizeBox(current.box, "se", dx, dy, image) : moveBox(current.box, dx, dy, image);
      store.change(current.id, box, gesture + edge);
    };
  const addInMiddle = () => {
    if (!drawing) return;
    draw([image.width / 3, image.height / 4, image.width / 3, image.height / 2].map(Math.round) as Box);
  };
  useHotkeys([
    ["n", () => !readOnly && setDrawing((on) => !on)],
    ["Enter", addInMiddle, { preventDefault: drawing }],
    ["Escape", () => (drawing ? setDrawing(false) : store.select(null)), { preventDefault: false }],
    ["Delete", () => remove(selected)],
    ["Backspace", () => remove(selected)],
    ["mod+Z", () => store.undo()],
    ["mod+shift+Z", () => store.redo()],
    ["mod+Y", () => store.redo()],
    ["a", () => offered?.person && !readOnly && annotate.mutate(offered.id)],
    ["+", () => viewport.zoom(1.25)],
    ["shift++", () => viewport.zoom(1.25)],
    ["=", () => viewport.zoom(1.25)],
    ["-", () => viewport.zoom(0.8)],
    ["0", viewport.fit],
    ...ARROWS.flatMap(([key, x, y]): [string, () => void][] => [
      [key, nudge(x, y)],
      [`shift+${key}`, nudge(10 * x, 10 * y)],
      [`alt+${key}`, nudge(x, y, true)],
      [`alt+shift+${key}`, nudge(10 * x, 10 * y, true)],
    ]),
  ]);

  return (
    <div className={classes.editor}>
      <BoxToolbar
        heading={heading}
        state={state}
        drawing={drawing}
        readOnly={readOnly}
        viewport={viewport}
        onDraw={() => setDrawing((on) => !on)}
        onUndo={() => store.undo()}
        onRedo={() => store.redo()}
      />
      <div className={classes.stage}>
        <BoxCanvas
          image={{ width: image.width, height: image.height, url: imageFileUrl(image.id), name: image.file_name }}
          boxes={boxes}
          selected={selected}
          viewport={viewport}
          element={element}
          drawing={drawing}
          readOnly={readOnly}
          labelOf={(item, index) => `Person ${index + 1}, ${personState(item.person, parts)}`}
          onSelect={(id) => store.select(id)}
          onDraw={draw}
          onChange={(id, box) => store.change(id, box)}
        />
        {drawing && (
          <Text className={classes.hint} size="sm">
            Drag from one corner of the person to the other. Esc stops.
          </Text>
        )}
      </div>
      <aside className={classes.panel} aria-label="People in the photo">
        {state.problem && (
          <Alert color="red" variant="light" m="sm" p="xs" role="alert">
            {state.problem}
          </Alert>
        )}
        <div className={classes.scroll}>
          <PersonList
            boxes={boxes}
            selected={selected}
            offered={offered?.id ?? null}
            readOnly={readOnly}
            parts={parts}
            opening={annotate.isPending ? annotate.variables : null}
            onSelect={(id) => store.select(id)}
            onRemove={remove}
            onAnnotate={(id) => annotate.mutate(id)}
          />
        </div>
        {footer}
      </aside>
      {dialog}
    </div>
  );
}

const ARROWS: [string, number, number][] = [
  ["ArrowLeft", -1, 0],
  ["ArrowRight", 1, 0],
  ["ArrowUp", 0, -1],
  ["ArrowDown", 0, 1],
];
