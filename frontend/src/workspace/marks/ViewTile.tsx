import { Button, Loader } from "@mantine/core";
import { type PointerEvent, useEffect, useRef, useState } from "react";
import { wheelFactor } from "../engine/viewport";
import { isBeside, pictureSize } from "./pictures";
import classes from "./ViewTile.module.css";
import { panView, toTile, toView, WHOLE, zoomView } from "./viewZoom";

export interface Spot {
  x: number;
  y: number;
}

interface Props {
  index: number;
  title: string;
  /** CSS pixels. */
  size: number;
  /** URL of the picture at a number of device pixels. */
  url: (pixels: number) => string;
  colour: string;
  /** Where the current mark is on this view, if it is. */
  mark: Spot | null;
  /** The mark lies on the far side here, or waits for the server. */
  faint: boolean;
  /** Marks of other points of the part. */
  others: readonly Spot[];
  refusal: { spot: Spot; message: string } | null;
  onPlace: (x: number, y: number) => void;
  /** A click where the picture shows nothing of the part. */
  onBeside: (x: number, y: number) => void;
  /** URL of a picture to show dimmed while this one is loading; null for none. */
  past: string | null;
  /** The picture at this URL is seen. */
  onShown: (url: string) => void;
}

const CLICK_MOVES = 4;

/** One view of the part: a click places the mark, the wheel zooms, a drag moves what is zoomed. */
export function ViewTile(props: Props) {
  const { index, title, size, url, colour, mark, faint, others, refusal, onPlace, onBeside, onShown } = props;
  const tile = useRef<HTMLDivElement>(null);
  const shown = useRef<HTMLImageElement>(null);
  const [past] = useState(props.past);
  const across = useRef<HTMLDivElement>(null);
  const drag = useRef<{ x: number; y: number; moved: number } | null>(null);
  const [zoom, setZoom] = useState(WHOLE);
  const [picture, setPicture] = useState<"loading" | "shown" | "failed">("loading");
  const [attempt, setAttempt] = useState(0);
  const [clickedEarly, setClickedEarly] = useState(false);
  const pixels = pictureSize(size * window.devicePixelRatio * zoom.factor);

  const place = (event: { clientX: number; clientY: number }): Spot => {
    const box = tile.current?.getBoundingClientRect();
    if (!box) return { x: 0, y: 0 };
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  };

  useEffect(() => {
    const element = tile.current;
    if (!element) return;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const box = element.getBoundingClientRect();
      const [px, py] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
      setZoom((old) => zoomView(old, px, py, wheelFactor(event) ** 1.4));
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, []);

  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    // What is not seen cannot be pointed at.
    if (picture !== "shown") {
      setClickedEarly(true);
      return;
    }
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { x: event.clientX, y: event.clientY, moved: 0 };
  };
  const move = (event: PointerEvent) => {
    const at = place(event);
    across.current?.style.setProperty("--x", `${at.x * 100}%`);
    across.current?.style.setProperty("--y", `${at.y * 100}%`);
    const from = drag.current;
    if (!from) return;
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
    const moved = from.moved + Math.abs(dx) + Math.abs(dy);
    drag.current = { x: event.clientX, y: event.clientY, moved };
    if (moved >= CLICK_MOVES) setZoom((old) => panView(old, dx / size, dy / size));
  };
  const up = (event: PointerEvent) => {
    const from = drag.current;
    drag.current = null;
    if (!from || from.moved >= CLICK_MOVES) return;
    const at = place(event);
    if (at.x < 0 || at.y < 0 || at.x > 1 || at.y > 1) return;
    const { x, y } = toView(zoom, at.x, at.y);
    if (shown.current && isBeside(shown.current, x, y)) onBeside(x, y);
    else onPlace(x, y);
  };
  const spotStyle = ({ x, y }: Spot) => {
    const at = toTile(zoom, x, y);
    return { left: `${at.x * 100}%`, top: `${at.y * 100}%` };
  };

  return (
    <div
      ref={tile}
      className={classes.tile}
      style={{ width: size, height: size, "--part": colour } as React.CSSProperties}
      data-testid={`view-${index}`}
      data-loading={picture === "loading" || undefined}
      role="application"
      aria-label={`View ${index + 1}: ${title}. Click to place the mark.`}
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={up}
      onPointerCancel={() => {
        drag.current = null;
      }}
    >
      {picture === "loading" && past && <img src={past} alt="" draggable={false} className={classes.past} />}
      <img
        ref={shown}
        key={attempt}
        src={url(pixels)}
        onLoad={() => {
          setPicture("shown");
          onShown(url(pixels));
        }}
        onError={() => setPicture((old) => (old === "shown" ? old : "failed"))}
        alt=""
        draggable={false}
        className={classes.picture}
        style={{
          width: `${zoom.factor * 100}%`,
          height: `${zoom.factor * 100}%`,
          left: `${-zoom.x * zoom.factor * 100}%`,
          top: `${-zoom.y * zoom.factor * 100}%`,
        }}
      />
      {picture === "loading" && <Loader size="sm" type="dots" className={classes.waiting} aria-label="Loading" />}
      {picture === "loading" && clickedEarly && (
        <div role="status" className={classes.early}>
          This view is still loading
        </div>
      )}
      {picture === "failed" && (
        <Button
          size="xs"
          variant="default"
          className={classes.waiting}
          onClick={() => {
            setPicture("loading");
            setAttempt((n) => n + 1);
          }}
        >
          This view did not load: try again
        </Button>
      )}
      {others.map((spot) => (
        <i key={`${spot.x},${spot.y}`} className={classes.other} style={spotStyle(spot)} />
      ))}
      {mark && <i className={classes.mark} data-faint={faint} data-testid={`mark-${index}`} style={spotStyle(mark)} />}
      <div ref={across} className={classes.across} aria-hidden="true" />
      <span className={classes.title}>
        <kbd>{index + 1}</kbd> {title}
      </span>
      {zoom.factor > 1 && (
        <button type="button" className={classes.zoom} onPointerDown={stop} onClick={() => setZoom(WHOLE)}>
          {zoom.factor.toFixed(1)}× whole view
        </button>
      )}
      {refusal && (
        <div
          role="status"
          className={classes.refusal}
          data-left={refusal.spot.x > 0.55 || undefined}
          data-above={refusal.spot.y > 0.7 || undefined}
          style={spotStyle(refusal.spot)}
        >
          {refusal.message}
        </div>
      )}
    </div>
  );
}

function stop(event: PointerEvent): void {
  event.stopPropagation();
}
