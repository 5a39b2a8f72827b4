import { Button, Group, Text } from "@mantine/core";
import { IconAlertTriangle, IconCloudCheck, IconCloudOff, IconCloudUpload, type TablerIcon } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import type { Journal } from "./journal/journal";
import type { JournalStatus } from "./journal/types";
import { useJournalStatus } from "./journal/useJournal";
import classes from "./SaveState.module.css";

const ICONS: Record<JournalStatus["state"], TablerIcon> = {
  saved: IconCloudCheck,
  saving: IconCloudUpload,
  offline: IconCloudOff,
  conflict: IconAlertTriangle,
  refused: IconAlertTriangle,
};

const changes = (count: number) => (count === 1 ? "1 change" : `${count} changes`);

export function saveText({ state, count, kept }: JournalStatus): string {
  switch (state) {
    case "saved":
      return "Saved";
    case "saving":
      return "Saving…";
    case "offline":
      return kept ? `Offline – ${changes(count)} kept here` : `Offline – ${changes(count)} not saved, leave this open`;
    case "conflict":
      return "Changed elsewhere";
    case "refused":
      return `${changes(count)} not accepted, kept here`;
  }
}

/** Whether the server has everything. */
export function SaveState({ journal }: { journal: Journal }) {
  const status = useJournalStatus(journal);
  const [message, setMessage] = useState("");
  useEffect(
    () =>
      journal.onEvent((event) => {
        if (event.type === "refused" && !event.dropped) setMessage(event.message);
      }),
    [journal],
  );
  const Icon = ICONS[status.state];
  return (
    <Group gap={6} wrap="nowrap" className={classes.state} data-state={status.state}>
      <Icon size={17} stroke={1.8} aria-hidden />
      <Text span size="sm" role="status" data-testid="save-state" title={status.state === "refused" ? message : ""}>
        {saveText(status)}
      </Text>
      {(status.state === "refused" || status.state === "offline") && (
        <Button size="compact-xs" variant="default" onClick={() => journal.retryRefused()}>
          Try again
        </Button>
      )}
    </Group>
  );
}
