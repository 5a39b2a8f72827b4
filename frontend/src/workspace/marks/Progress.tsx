import { Tooltip } from "@mantine/core";
import { useValue } from "../valueStore";
import type { MarksSession } from "./MarksSession";
import classes from "./Progress.module.css";

interface Segment {
  label: number;
  first: number;
  count: number;
  done: number;
}

/** How far one is, part by part; a click goes to a part. */
export function Progress({ session }: { session: MarksSession }) {
  const { parts } = session;
  const { index, marks } = useValue(session.state);
  const segments: Segment[] = [];
  session.points.forEach((point, at) => {
    let last = segments.at(-1);
    if (last?.label !== point.part) {
      last = { label: point.part, first: at, count: 0, done: 0 };
      segments.push(last);
    }
    last.count++;
    if (marks.has(point.id)) last.done++;
  });
  const goTo = ({ first, count }: Segment) => {
    const unmarked = session.points.slice(first, first + count).findIndex((point) => !marks.has(point.id));
    session.goTo(first + Math.max(unmarked, 0));
  };
  return (
    <div className={classes.bar}>
      <div className={classes.segments}>
        {segments.map((segment) => (
          <Tooltip key={segment.first} label={`${parts.name(segment.label)}: ${segment.done} of ${segment.count}`}>
            <button
              type="button"
              className={classes.segment}
              style={{ flexGrow: segment.count, "--part": parts.part(segment.label).colour } as React.CSSProperties}
              data-current={index >= segment.first && index < segment.first + segment.count}
              onClick={() => goTo(segment)}
              aria-label={`${parts.name(segment.label)}: ${segment.done} of ${segment.count} done`}
            >
              <i style={{ width: `${(segment.done / segment.count) * 100}%` }} />
            </button>
          </Tooltip>
        ))}
      </div>
      <output className={classes.counter} data-testid="point-counter" title="Points with a mark or a flag">
        {marks.size} of {session.points.length}
      </output>
    </div>
  );
}
