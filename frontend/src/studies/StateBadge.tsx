import { Badge } from "@mantine/core";
import type { StudyState } from "./types";

const WORDS: Record<StudyState, [label: string, colour: string]> = {
  draft: ["Not open yet", "var(--mantine-color-gray-5)"],
  open: ["Open", "var(--dm-good)"],
  closed: ["Closed", "var(--mantine-color-accent-5)"],
};

export function StateBadge({ state }: { state: StudyState }) {
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
