import classes from "./SideBadge.module.css";

/** Whose side: the person's own, in the colours that the views' labels have. */
export function SideBadge({ side }: { side: string }) {
  if (!side) return null;
  return (
    <span className={classes.badge} data-side={side.toLowerCase()}>
      {side.toUpperCase()}
    </span>
  );
}
