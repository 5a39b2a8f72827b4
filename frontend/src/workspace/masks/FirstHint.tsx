import { CloseButton, Kbd } from "@mantine/core";
import classes from "./FirstHint.module.css";

/** How painting goes, in a line, for who sees this step for the first time. */
export function FirstHint({ onDismiss }: { onDismiss: () => void }) {
  return (
    <aside className={classes.hint} aria-label="First steps">
      <span>
        Pick a part by its key, paint it, <Kbd size="xs">Ctrl+Enter</Kbd> when all visible parts are painted.{" "}
        <Kbd size="xs">?</Kbd> shows all keys.
      </span>
      <CloseButton size="sm" aria-label="Dismiss the hint" onClick={onDismiss} />
    </aside>
  );
}
