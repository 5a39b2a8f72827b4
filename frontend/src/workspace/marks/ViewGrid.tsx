import { useQuery } from "@tanstack/react-query";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { viewUrl } from "@/api/endpoints";
import { queries } from "@/api/queries";
import type { Body } from "@/api/types";
import { useScheme } from "@/lib/useScheme";
import { useValue } from "../valueStore";
import type { MarksSession, ShownMark } from "./MarksSession";
import { partAfter, pictureSize } from "./pictures";
import classes from "./ViewGrid.module.css";
import { type Spot, ViewTile } from "./ViewTile";

const GAP = 8;
const VIEWS = [0, 1, 2, 3, 4, 5];

interface Props {
  session: MarksSession;
  /** The view that fills the place of all six, if any. */
  enlarged: number | null;
  onPlace: (view: number, x: number, y: number) => void;
  /** A click on a view where nothing of the part is. */
  onBeside: (view: number, x: number, y: number) => void;
}

/** The six views of the current point's part, as large as the place allows. */
export function ViewGrid({ session, enlarged, onPlace, onBeside }: Props) {
  const { hash } = session.task.body;
  const { index, marks, refusal } = useValue(session.state);
  const point = session.points[index] ?? session.current;
  const { data: body } = useQuery(queries.body(hash));
  const theme = useScheme();
  const host = useRef<HTMLDivElement>(null);
  // What each view showed last: it stays, dimmed, until the next part's picture is there.
  const past = useRef(new Map<number, string>());
  const size = useTileSize(host);
  // In the size that the tiles will ask for: another one would be fetched for nothing.
  const pixels = pictureSize(size.one * window.devicePixelRatio);
  const next = size.one > 0 ? partAfter(session.points, point.part) : undefined;
  useAhead(next === undefined ? [] : VIEWS.map((view) => viewUrl(hash, next, view, pixels, theme)));

  const mark = marks.get(point.id) ?? null;
  const siblings = session.points.flatMap((each) => {
    const other = each.part === point.part && each.id !== point.id ? marks.get(each.id) : undefined;
    return other?.kind === "surface" ? [other] : [];
  });
  const { colour } = session.parts.part(point.part);
  return (
    <div className={classes.host} ref={host} data-enlarged={enlarged !== null || undefined}>
      {size.one > 0 &&
        VIEWS.filter((view) => enlarged === null || view === enlarged).map((view) => (
          <ViewTile
            // A tile keeps its zoom within a part, where the next point is most often near.
            key={`${point.part}-${view}`}
            index={view}
            title={titleOf(body, point.part, view)}
            size={enlarged === null ? size.one : size.whole}
            url={(pixels) => viewUrl(hash, point.part, view, pixels, theme)}
            colour={colour}
            mark={spotOn(mark, view)}
            faint={mark?.projections.length === 0}
            others={siblings.flatMap((other) => spotOn(other, view) ?? [])}
            refusal={refusal?.view === view ? { spot: { x: refusal.x, y: refusal.y }, message: refusal.message } : null}
            onPlace={(x, y) => onPlace(view, x, y)}
            onBeside={(x, y) => onBeside(view, x, y)}
            past={past.current.get(view) ?? null}
            onShown={(url) => past.current.set(view, url)}
          />
        ))}
    </div>
  );
}

/** Where a mark is seen on a view: where the server says, or until then where it was clicked. */
function spotOn(mark: ShownMark | null, view: number): Spot | null {
  if (mark?.kind !== "surface") return null;
  const projected = mark.projections.find((each) => each.view === view);
  if (projected) return projected.visible ? projected : null;
  const { x, y } = mark;
  return mark.view === view && x !== null && y !== null ? { x, y } : null;
}

function titleOf(body: Body | undefined, label: number, view: number): string {
  const views = body?.parts.find((each) => each.label === label)?.views;
  return views?.find((each) => each.index === view)?.title ?? "";
}

/** Side of one tile of three by two, and of one that has the place alone, in CSS pixels. */
function useTileSize(host: React.RefObject<HTMLDivElement | null>): { one: number; whole: number } {
  const [size, setSize] = useState({ one: 0, whole: 0 });
  useLayoutEffect(() => {
    const element = host.current;
    if (!element) return;
    const measure = () => {
      const { clientWidth: width, clientHeight: height } = element;
      const one = Math.floor(Math.min((width - 2 * GAP) / 3, (height - GAP) / 2));
      setSize({ one, whole: Math.min(width, height) });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [host]);
  return size;
}

/** Fetches pictures that will be wanted soon, after those that are wanted now. */
function useAhead(urls: readonly string[]): void {
  const all = urls.join("\n");
  useEffect(() => {
    for (const url of all.split("\n").filter(Boolean)) {
      const picture = new Image();
      picture.fetchPriority = "low";
      picture.src = url;
    }
  }, [all]);
}
