import { Badge, Button, Group, Kbd, Stack, Text, Title } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { Link } from "react-router";
import { queries } from "../api/queries";
import type { Task } from "../api/types";
import { InlineError, LoadingState } from "../components/states";
import type { NextOutcome } from "../workspace/DonePage";
import doneClasses from "../workspace/DonePage.module.css";
import type { Journal } from "../workspace/journal/journal";
import { useKeys } from "../workspace/keys";
import { TopBar } from "../workspace/TopBar";
import pageClasses from "../workspace/Workspace.module.css";
import { getFeedback } from "./api";
import { studyQueries } from "./queries";
import type { StudyTask } from "./types";

const FeedbackView = lazy(() => import("./FeedbackView"));

type Place = Pick<StudyTask, "practice" | "number" | "total">;

/**
 * "Practice 1 of 2" or "Person 12 of 30"; persons for practice are in no count but their own.
 *
 * @param practised how many persons come first for practice; undefined while that is not known.
 */
export function placeWords({ practice, number, total }: Place, practised: number | undefined): string {
  if (practice) return practised ? `Practice ${number} of ${practised}` : "Practice";
  return practised === undefined ? "Person" : `Person ${number - practised} of ${total - practised}`;
}

/** What is left after this person: "18 of 30 are left."; empty while it is not known how many were for practice. */
export function afterWords({ number, total }: Place, practised: number | undefined): string {
  if (number >= total) return "That was the last one.";
  if (practised === undefined) return "";
  const left = total - number;
  return `${left} of ${total - practised} ${left === 1 ? "is" : "are"} left.`;
}

function usePractised({ id }: StudyTask): number | undefined {
  return useQuery({ ...studyQueries.mineOf(id), staleTime: Number.POSITIVE_INFINITY }).data?.practice;
}

/** In the bar over the workspace: where in the study one is. */
export function StudyPlace({ task, study }: { task: Task; study: StudyTask }) {
  const practised = usePractised(study);
  const count = useQuery(queries.body(task.body.hash)).data?.parts.length;
  return (
    <Group gap="xs" wrap="nowrap" data-testid="study-place">
      <Text size="sm" c="dimmed" truncate maw={220} title={study.name}>
        {study.name}
      </Text>
      <Badge variant={study.practice ? "filled" : "default"} radius="sm" tt="none" fw={560} style={{ flex: "none" }}>
        {placeWords(study, practised)}
      </Badge>
      {task.kind === "mask" && study.parts && (
        <Badge variant="light" radius="sm" tt="none" fw={560} style={{ flex: "none" }} data-testid="study-parts">
          {study.parts.length} of {count ?? "all"} parts
        </Badge>
      )}
      {study.practice && (
        <Text size="xs" c="dimmed" visibleFrom="md" style={{ whiteSpace: "nowrap" }}>
          does not count
        </Text>
      )}
    </Group>
  );
}

interface Props {
  task: Task;
  study: StudyTask;
  journal: Journal;
  onNext: () => Promise<NextOutcome>;
}

/** A person of a study is handed in: after practice how well it went, else on to the next. */
export function StudyDone({ task, study, journal, onNext }: Props) {
  const [busy, setBusy] = useState(false);
  const practised = usePractised(study);
  const feedback = useQuery({
    queryKey: ["work", task.id, "feedback"],
    queryFn: ({ signal }) => getFeedback(task.id, { signal }),
    enabled: study.practice,
    refetchInterval: ({ state }) => (state.data && !state.data.measured ? 2000 : false),
    refetchOnWindowFocus: false,
  });
  const next = async () => {
    if (busy) return;
    setBusy(true);
    if ((await onNext()) !== "opened") setBusy(false);
  };
  useKeys({
    down: (event) => {
      if (event.repeat || (event.key !== "Enter" && event.code !== "KeyN")) return false;
      void next();
      return true;
    },
  });
  const button = (
    <Button onClick={next} loading={busy} autoFocus data-testid="next-person" rightSection={<Kbd size="xs">Enter</Kbd>}>
      {study.practice || study.number < study.total ? "Next person" : "Finish"}
    </Button>
  );
  return (
    <div className={pageClasses.page} data-testid="step-done">
      <TopBar task={task} journal={journal} place={<StudyPlace task={task} study={study} />} />
      {feedback.data ? (
        <Suspense fallback={<LoadingState label="Loading the body" />}>
          <FeedbackView task={task} feedback={feedback.data} action={button} />
        </Suspense>
      ) : feedback.isLoading ? (
        <LoadingState label="Looking how it went" />
      ) : (
        <main className={doneClasses.done}>
          <Stack align="center" gap="xs">
            <IconCircleCheck size={44} stroke={1.4} className={doneClasses.icon} aria-hidden />
            <Title order={2} aria-live="polite">
              This person is handed in
            </Title>
            {!study.practice && (
              <Text c="dimmed" className="numbers">
                {afterWords(study, practised)}
              </Text>
            )}
            <InlineError error={feedback.error} />
            <Group mt="md">
              <Button variant="default" component={Link} to="/projects">
                Pause here
              </Button>
              {button}
            </Group>
          </Stack>
        </main>
      )}
    </div>
  );
}
