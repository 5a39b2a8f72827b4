import { Badge, Tooltip } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { Copy } from "./Command";
import classes from "./datasets.module.css";
import type { Snapshot } from "./types";
import { shortHash, withdrawnWords } from "./words";

const WORDS: Record<Snapshot["state"], [label: string, colour: string]> = {
  making: ["Being made", "var(--mantine-color-accent-5)"],
  ready: ["Ready", "var(--dm-good)"],
  failed: ["Not made", "var(--dm-bad)"],
};

export function SnapshotBadge({ state }: { state: Snapshot["state"] }) {
  const [label, colour] = WORDS[state];
  return (
    <Badge
      variant="default"
      radius="sm"
      tt="none"
      fw={560}
      leftSection={
        <span aria-hidden style={{ display: "block", width: 7, height: 7, borderRadius: "50%", background: colour }} />
      }
    >
      {label}
    </Badge>
  );
}

/** Photos of a snapshot were withdrawn since it was made. */
export function AffectedBadge({ snapshot }: { snapshot: Snapshot }) {
  if (snapshot.withdrawn === 0) return null;
  return (
    <Tooltip label={withdrawnWords(snapshot)}>
      <Badge
        variant="outline"
        color="red"
        c="var(--mantine-color-error)"
        radius="sm"
        tt="none"
        fw={560}
        leftSection={<IconAlertTriangle size={13} aria-hidden />}
        data-testid="affected"
        className={classes.above}
      >
        Affected
      </Badge>
    </Tooltip>
  );
}

/** The beginning of a content's hash, and a way to copy all of it. */
export function Hash({ value, label = "Copy the snapshot's hash" }: { value: string; label?: string }) {
  return (
    <span className={classes.hash}>
      <code title={value}>{shortHash(value)}</code>
      <Copy value={value} label={label} size={22} />
    </span>
  );
}
