import { Alert, Anchor, Paper, Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect, useMemo, useState } from "react";
import { Link } from "react-router";
import type { Drafts } from "../lib/drafts";
import classes from "./SetupPage.module.css";

/** What was entered before in a form, until it is begun anew; `key` is another one then. */
export function useDraft<T>(drafts: Drafts<T>, id: string): { key: string; kept: T | null; onAnew: () => void } {
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: read again when the form begins anew.
  const kept = useMemo(() => drafts.get(id), [drafts, id, round]);
  const onAnew = () => {
    drafts.remove(id);
    setRound(round + 1);
  };
  return { key: `${id} ${round}`, kept, onAnew };
}

/** Keeps what is entered in a form, from the first change on. */
export function useKeeping<T>(drafts: Drafts<T>, id: string, draft: T): void {
  const text = drafts.written(draft);
  const [untouched] = useState(text);
  useEffect(() => {
    if (text !== untouched) drafts.set(id, text);
  }, [text, untouched, drafts, id]);
}

interface Props {
  title: string;
  /** What the link to the page above says. */
  back: string;
  /** Whether something entered before was taken up. */
  kept: boolean;
  onAnew: () => void;
  busy: boolean;
  onSubmit: () => void;
  /** What stands beside the form: what it will make, and the button. */
  summary: ReactNode;
  /** `SetupRow`s. */
  children: ReactNode;
}

/** A long form on a page of its own, with a summary beside it that stays in sight. */
export function SetupPage({ title, back, kept, onAnew, busy, onSubmit, summary, children }: Props) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <Stack gap={2} mb="lg">
        <Anchor component={Link} to=".." relative="path" size="sm" w="fit-content">
          {back}
        </Anchor>
        <Title order={2}>{title}</Title>
      </Stack>
      {kept && (
        <Alert variant="light" p="xs" mb="md" role="status">
          What you entered before is still here.{" "}
          <Anchor component="button" type="button" size="sm" onClick={onAnew} disabled={busy}>
            Begin anew
          </Anchor>
        </Alert>
      )}
      <div className={classes.page}>
        <Paper bg="var(--dm-surface)">{children}</Paper>
        <Paper bg="var(--dm-surface)" p="lg" className={classes.summary}>
          <Stack gap="md">{summary}</Stack>
        </Paper>
      </div>
    </form>
  );
}

/** One thing to settle: what it is on the left, its fields on the right. */
export function SetupRow({ title, text, children }: { title: string; text?: string; children: ReactNode }) {
  return (
    <section className={classes.row}>
      <div>
        <Text fw={560} c="bright" size="sm">
          {title}
        </Text>
        {text && (
          <Text size="xs" c="dimmed">
            {text}
          </Text>
        )}
      </div>
      <div>{children}</div>
    </section>
  );
}
