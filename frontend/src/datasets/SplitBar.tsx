import classes from "./datasets.module.css";

interface Piece {
  name: string;
  value: number;
}

/** How something is divided, as one bar: its figures stand in words beside it. */
export function SplitBar({ pieces, of }: { pieces: readonly Piece[]; of: number }) {
  return (
    <div className={classes.splitBar} aria-hidden>
      {pieces.map(({ name, value }, index) => (
        <span
          // biome-ignore lint/suspicious/noArrayIndexKey: while they are entered, two may have the same name.
          key={index}
          title={name}
          className={classes[`piece${index % 4}`]}
          style={{ width: `${of > 0 ? Math.min((100 * value) / of, 100) : 0}%` }}
        />
      ))}
    </div>
  );
}

/** The colour of a piece of the bar, beside its name. */
export function SplitDot({ index }: { index: number }) {
  return <span aria-hidden className={`${classes.dot} ${classes[`piece${index % 4}`]}`} />;
}
