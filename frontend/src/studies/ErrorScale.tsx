import { useScheme } from "../lib/useScheme";
import classes from "./ErrorScale.module.css";
import { RAMP_CSS, UNKNOWN } from "./scale";

/** The colour bar of errors, in centimetres from 0 to `top` (metres). */
export function ErrorScale({ top, unknown = true }: { top: number; unknown?: boolean }) {
  const scheme = useScheme();
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  return (
    <div className={classes.scale} role="img" aria-label={`Colours of errors from 0 to ${label(top)} cm and more`}>
      <div className={classes.bar} style={{ background: RAMP_CSS }} />
      <div className={classes.ticks} aria-hidden>
        {ticks.map((t) => (
          <span key={t}>
            {label(t * top)}
            {t === 1 && "+ cm"}
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

function label(metres: number): string {
  const cm = 100 * metres;
  return Number.isInteger(cm) ? String(cm) : cm.toFixed(1);
}
