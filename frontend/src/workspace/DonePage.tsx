import { Button, Group, Kbd, Stack, Text, Title } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";
import { reopenTask } from "@/api/endpoints";
import { messageOf } from "@/api/error";
import type { Task } from "@/api/types";
import classes from "./DonePage.module.css";
import type { Journal } from "./journal/journal";
import { useKeys } from "./keys";
import { TopBar } from "./TopBar";
import pageClasses from "./Workspace.module.css";

export type NextOutcome = "opened" | "nothing left" | "failed";

interface Props {
  task: Task;
  journal: Journal;
  /** Opens the next person, if there is one. */
  onNext: () => Promise<NextOutcome>;
  onReopened: (task: Task) => void;
}

/** A person is done: one key to the next. */
export function DonePage({ task, journal, onNext, onReopened }: Props) {
  const [busy, setBusy] = useState(false);
  const [nothingLeft, setNothingLeft] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const next = async () => {
    if (busy) return;
    setBusy(true);
    const outcome = await onNext();
    if (outcome === "opened") return;
    setBusy(false);
    setNothingLeft(outcome === "nothing left");
  };
  const reopen = async () => {
    try {
      onReopened(await reopenTask(task.id));
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  useKeys({
    down: (event) => {
      if (event.repeat || (event.key !== "Enter" && event.key !== " " && event.code !== "KeyN")) return false;
      void next();
      return true;
    },
  });
  return (
    <div className={pageClasses.page} data-testid="step-done">
      <TopBar task={task} journal={journal} />
      <main className={classes.done}>
        <Stack align="center" gap="xs">
          <IconCircleCheck size={44} stroke={1.4} className={classes.icon} aria-hidden />
          <Title order={2} aria-live="polite">
            {nothingLeft ? "Everything is done" : "This person is done"}
          </Title>
          <Text c="dimmed">
            {nothingLeft
              ? "No person of this project waits for you."
              : `${task.person.marks} of ${task.person.points} points marked or flagged in ${task.image.file_name}.`}
          </Text>
          <Group mt="md">
            <Button variant="default" component={Link} to={`/projects/${task.project_id}`}>
              To the project
            </Button>
            <Button variant="default" onClick={reopen}>
              Take up again
            </Button>
            <Button
              onClick={next}
              loading={busy}
              autoFocus
              data-testid="next-person"
              rightSection={<Kbd size="xs">Enter</Kbd>}
            >
              Next person
            </Button>
          </Group>
          {problem && (
            <Text size="sm" role="alert">
              {problem}
            </Text>
          )}
        </Stack>
      </main>
    </div>
  );
}
