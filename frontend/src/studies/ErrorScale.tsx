import { useScheme } from "../lib/useScheme";
import classes from "./ErrorScale.module.css";
import { RAMP_CSS, ticksTo, UNKNOWN } from "./scale";

/** The colour bar of errors, in centimetres from 0 to `top` (metres). */
export function ErrorScale({ top, unknown = true }: { top: number; unknown?: boolean }) {
  const scheme = useScheme();
  const cm = 100 * top;
  const ticks = ticksTo(cm);
  return (
    <div
      className={classes.scale}
      role="img"
      aria-label={`Colours of errors from 0 to ${Number(cm.toFixed(1))} cm and more`}
    >
      <div className={classes.bar} style={{ background: RAMP_CSS }} />
      <div className={classes.ticks} aria-hidden>
        {ticks.map((tick, k) => (
          <span
            key={tick}
            style={{ left: `${(100 * tick) / cm}%`, transform: `translateX(-${k === 0 ? 0 : (100 * tick) / cm}%)` }}
          >
            {tick}
            {k === ticks.length - 1 && " cm"}
          </span>
        ))}
      </div>
      {unknown && (
        <div className={classes.unknown} aria-hidden>
          <i style={{ background: UNKNOWN[scheme] }} /> not measured
        </div>
      )}
    </div>
  );
}
