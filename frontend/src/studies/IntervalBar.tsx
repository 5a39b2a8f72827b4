import classes from "./IntervalBar.module.css";
import type { Figure } from "./report";

/** Where a figure and its interval lie on a scale from 0 to `top`, in percent; null when there is no figure. */
export function spans({ value, low, high }: Pick<Figure, "value" | "low" | "high">, top: number) {
  if (value === null || !(top > 0)) return null;
  const at = (x: number) => Math.min(Math.max((100 * x) / top, 0), 100);
  return { value: at(value), low: at(low ?? value), high: at(high ?? value), cut: (high ?? value) > top };
}

/** A figure as a bar with its 95% interval as a whisker. The figures stand beside it: it says nothing of its own. */
export function IntervalBar({ figure, top, colour }: { figure: Figure; top: number; colour?: string }) {
  const at = spans(figure, top);
  return (
    <svg className={classes.bar} aria-hidden focusable="false">
      <rect className={classes.track} x="0" y="4" width="100%" height="8" rx="2" />
      {at && (
        <>
          <rect
            className={classes.fill}
            x="0"
            y="4"
            width={`${at.value}%`}
            height="8"
            rx="2"
            style={colour ? { fill: colour } : undefined}
          />
          <line className={classes.whisker} x1={`${at.low}%`} x2={`${at.high}%`} y1="8" y2="8" />
          <line className={classes.whisker} x1={`${at.low}%`} x2={`${at.low}%`} y1="4.5" y2="11.5" />
          {!at.cut && <line className={classes.whisker} x1={`${at.high}%`} x2={`${at.high}%`} y1="4.5" y2="11.5" />}
        </>
      )}
    </svg>
  );
}
