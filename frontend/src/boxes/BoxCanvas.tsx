import { type PointerEvent, useEffect, useRef, useState } from "react";
import type { Box } from "../api/types";
import classes from "./BoxCanvas.module.css";
import {
  boxBetween,
  HANDLES,
  type Handle,
  handleAt,
  moveBox,
  resizeBox,
  type Size,
  toImage,
  type XY,
} from "./geometry";
import type { BoxItem } from "./store";
import type { Viewport } from "./useViewport";

/** What the pointer is doing; `from` is where it went down, in image pixels (for panning: on the screen). */
type Drag =
  | { kind: "draw"; from: XY }
  | { kind: "move"; from: XY; id: string; box: Box }
  | { kind: "resize"; from: XY; id: string; box: Box; handle: Handle }
  | { kind: "pan"; from: XY };

interface Props {
  image: Size & { url: string; name: string };
  boxes: readonly BoxItem[];
  selected: string | null;
  viewport: Viewport;
  element: React.RefObject<HTMLDivElement | null>;
  /** Armed: a drag draws a new box even where another one lies. */
  drawing: boolean;
  readOnly: boolean;
  labelOf: (item: BoxItem, index: number) => string;
  onSelect: (id: string | null) => void;
  onDraw: (box: Box) => void;
  onChange: (id: string, box: Box) => void;
}

/** The photo with its boxes: drag on the photo draws, on a box moves, on a handle resizes; wheel zooms, Space pans. */
export function BoxCanvas(props: Props) {
  const { image, boxes, selected, viewport, drawing, readOnly } = props;
  const { view } = viewport;
  const [drag, setDrag] = useState<Drag | null>(null);
  const [draft, setDraft] = useState<{ id: string | null; box: Box } | null>(null);
  const spaceHeld = useSpaceHeld();
  useWheelZoom(props.element, viewport);

  const screenAt = (event: PointerEvent): XY => {
    const frame = event.currentTarget.closest("svg")?.getBoundingClientRect();
    return { x: event.clientX - (frame?.left ?? 0), y: event.clientY - (frame?.top ?? 0) };
  };

  const begin = (event: PointerEvent, wish: "draw" | { id: string; box: Box; handle?: Handle }) => {
    if (event.button > 1) return;
    event.stopPropagation();
    event.preventDefault();
    event.currentTarget.closest("svg")?.setPointerCapture(event.pointerId);
    const screen = screenAt(event);
    const from = toImage(view, screen);
    if (event.button === 1 || spaceHeld) setDrag({ kind: "pan", from: screen });
    else if (wish === "draw" || drawing) {
      props.onSelect(null);
      setDrag(readOnly ? { kind: "pan", from: screen } : { kind: "draw", from });
    } else {
      const { id, box, handle } = wish;
      props.onSelect(id);
      if (readOnly) return;
      setDrag(handle ? { kind: "resize", from, id, box, handle } : { kind: "move", from, id, box });
    }
  };

  const move = (event: PointerEvent) => {
    if (!drag) return;
    const screen = screenAt(event);
    if (drag.kind === "pan") {
      viewport.pan(screen.x - drag.from.x, screen.y - drag.from.y);
      setDrag({ kind: "pan", from: screen });
      return;
    }
    const at = toImage(view, screen);
    if (drag.kind === "draw") {
      const box = boxBetween(drag.from, at, image);
      setDraft(box && { id: null, box });
      return;
    }
    const [dx, dy] = [at.x - drag.from.x, at.y - drag.from.y];
    const box =
      drag.kind === "move" ? moveBox(drag.box, dx, dy, image) : resizeBox(drag.box, drag.handle, dx, dy, image);
    // A click that trembles by less than three screen pixels is no move.
    if (draft || Math.hypot(dx, dy) * view.scale >= 3) setDraft({ id: drag.id, box });
  };

  const end = () => {
    if (draft) {
      if (draft.id) props.onChange(draft.id, draft.box);
      else props.onDraw(draft.box);
    }
    cancel();
  };
  const cancel = () => {
    setDrag(null);
    setDraft(null);
  };

  const cursor = drag?.kind === "pan" || spaceHeld ? "grab" : drawing ? "crosshair" : undefined;
  return (
    <div ref={props.element} className={classes.canvas} data-testid="box-canvas">
      <img
        src={image.url}
        alt={image.name}
        draggable={false}
        className={classes.photo}
        data-pixelated={view.scale >= 4 || undefined}
        style={{
          width: image.width * view.scale,
          height: image.height * view.scale,
          transform: `translate(${view.x}px, ${view.y}px)`,
        }}
      />
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot hold a drawing */}
      <svg
        role="group"
        aria-label="People in the photo"
        className={classes.overlay}
        style={{ cursor: cursor ?? (readOnly ? "default" : "crosshair") }}
        onPointerDown={(event) => begin(event, "draw")}
        onPointerMove={move}
        onPointerUp={end}
        onPointerCancel={cancel}
      >
        {inOrder(boxes, selected).map(({ item, index }) => {
          const box = draft?.id === item.id ? draft.box : item.box;
          const isSelected = item.id === selected;
          const [x, y, width, height] = onScreen(box, viewport);
          return (
            // biome-ignore lint/a11y/useSemanticElements: a drawing has no button element
            <g
              key={item.id}
              role="button"
              tabIndex={0}
              aria-pressed={isSelected}
              aria-label={props.labelOf(item, index)}
              data-state={item.person?.state ?? "new"}
              data-selected={isSelected || undefined}
              className={classes.box}
              style={{ cursor: cursor ?? (readOnly ? "pointer" : "move") }}
              onFocus={() => props.onSelect(item.id)}
              onPointerDown={(event) => begin(event, { id: item.id, box: item.box })}
            >
              <rect className={classes.halo} x={x} y={y} width={width} height={height} />
              <rect className={classes.edge} x={x} y={y} width={width} height={height} />
              <Tag x={x} y={y} text={String(index + 1)} />
              {isSelected &&
                !readOnly &&
                HANDLES.map((handle) => {
                  const at = handleAt([x, y, width, height], handle);
                  return (
                    <g
                      key={handle}
                      style={{ cursor: cursor ?? `${handle}-resize` }}
                      onPointerDown={(event) => begin(event, { id: item.id, box: item.box, handle })}
                    >
                      <rect x={at.x - 10} y={at.y - 10} width={20} height={20} fill="transparent" />
                      <rect className={classes.handle} x={at.x - 4.5} y={at.y - 4.5} width={9} height={9} />
                    </g>
                  );
                })}
            </g>
          );
        })}
        {draft?.id === null && <DraftRect rect={onScreen(draft.box, viewport)} />}
      </svg>
    </div>
  );
}

/** The selected box last, so that it lies on top; `index` is its place in the list. */
function inOrder(boxes: readonly BoxItem[], selected: string | null) {
  return boxes
    .map((item, index) => ({ item, index }))
    .sort((a, b) => Number(a.item.id === selected) - Number(b.item.id === selected));
}

function onScreen([x, y, width, height]: Box, { view }: Viewport): Box {
  return [x * view.scale + view.x, y * view.scale + view.y, width * view.scale, height * view.scale];
}

function Tag({ x, y, text }: { x: number; y: number; text: string }) {
  const width = 12 + 8 * text.length;
  return (
    <g transform={`translate(${x - 1}, ${Math.max(y - 20, 0)})`}>
      <rect className={classes.tag} width={width} height={19} rx={4} />
      <text className={classes.tagText} x={width / 2} y={13.5}>
        {text}
      </text>
    </g>
  );
}

function DraftRect({ rect: [x, y, width, height] }: { rect: Box }) {
  return (
    <g className={classes.box} data-selected>
      <rect className={classes.halo} x={x} y={y} width={width} height={height} />
      <rect className={classes.edge} x={x} y={y} width={width} height={height} />
    </g>
  );
}

function useSpaceHeld(): boolean {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.code !== "Space") return;
      const target = event.target as HTMLElement | null;
      // Space presses buttons and types into fields; elsewhere it would only scroll the page.
      if (target?.closest("button, a, input, textarea, select, [role=menu], [role=dialog]")) return;
      event.preventDefault();
      setHeld(event.type === "keydown");
    };
    const release = () => setHeld(false);
    window.addEventListener("keydown", onKey);
    window.addEventListener("keyup", onKey);
    window.addEventListener("blur", release);
    return () => {
      window.removeEventListener("keydown", onKey);
      window.removeEventListener("keyup", onKey);
      window.removeEventListener("blur", release);
    };
  }, []);
  return held;
}

function useWheelZoom(element: React.RefObject<HTMLDivElement | null>, { zoom }: Viewport): void {
  const latest = useRef(zoom);
  latest.current = zoom;
  useEffect(() => {
    const target = element.current;
    if (!target) return;
    // React listens passively to wheel events, which could not keep the page from scrolling.
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const frame = target.getBoundingClientRect();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      const factor = Math.exp((-event.deltaY * lines) / (event.ctrlKey ? 100 : 400));
      latest.current(factor, { x: event.clientX - frame.left, y: event.clientY - frame.top });
    };
    target.addEventListener("wheel", onWheel, { passive: false });
    return () => target.removeEventListener("wheel", onWheel);
  }, [element]);
}
