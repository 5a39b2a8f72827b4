import { Anchor, Text } from "@mantine/core";
import { useState } from "react";
import { sentence } from "../lib/words";

/** So much of a reason is shown at first: a sentence or two. */
const SHORT = 160;

/** A reason in short, cut between words; null when it is short already. */
export function shortened(reason: string): string | null {
  if (reason.length <= SHORT) return null;
  const cut = reason.slice(0, SHORT);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(" "), SHORT / 2)).trimEnd()}…`;
}

/** Why a job failed; a long reason is folded away behind its beginning. */
export function JobError({ reason, lead = "" }: { reason: string | null; lead?: string }) {
  const [all, setAll] = useState(false);
  const whole = sentence(reason?.trim() || "No reason was told.");
  const short = shortened(whole);
  return (
    <Text size="sm" c="var(--mantine-color-error)" style={{ overflowWrap: "anywhere" }}>
      {lead}
      {all ? whole : (short ?? whole)}{" "}
      {short && (
        <Anchor component="button" type="button" size="sm" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "Show less" : "Show all"}
        </Anchor>
      )}
    </Text>
  );
}
