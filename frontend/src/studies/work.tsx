import { Badge, Button, Group, Kbd, Stack, Text, Title } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { Link } from "react-router";
import { ApiError } from "../api/error";
import type { Task } from "../api/types";
import { LoadingState } from "../components/states";
import type { NextOutcome } from "../workspace/DonePage";
import doneClasses from "../workspace/DonePage.module.css";
import type { Journal } from "../workspace/journal/journal";
import { useKeys } from "../workspace/keys";
import { TopBar } from "../workspace/TopBar";
import pageClasses from "../workspace/Workspace.module.css";
import { getFeedback, getMine } from "./api";
import type { MyStudy } from "./types";

const FeedbackView = lazy(() => import("./FeedbackView"));

/** How far the caller was in a study when a task was opened; undefined outside of studies. */
export function useMine(studyId: string | null, taskId: string): MyStudy | undefined {
  return useQuery({
    queryKey: ["work", taskId, "mine"],
    queryFn: ({ signal }) => getMine(studyId as string, { signal }),
    enabled: studyId !== null,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  }).data;
}

/** "Practice 1 of 2" or "Person 12 of 30". */
export function placeWords({ practice, practice_left, done, total }: MyStudy): string {
  if (practice_left > 0) return `Practice ${practice - practice_left + 1} of ${practice}`;
  return `Person ${Math.min(done + 1, total)} of ${total}`;
}

/** In the bar over the workspace: where in the study one is. */
export function StudyPlace({ mine }: { mine: MyStudy | undefined }) {
  if (!mine) return null;
  const practising = mine.practice_left > 0;
  return (
    <Group gap="xs" wrap="nowrap" data-testid="study-place">
      <Text size="sm" c="dimmed" truncate maw={220} title={mine.name}>
        {mine.name}
      </Text>
      <Badge variant={practising ? "filled" : "default"} radius="sm" tt="none" fw={560} style={{ flex: "none" }}>
        {placeWords(mine)}
      </Badge>
      {practising && (
        <Text size="xs" c="dimmed" visibleFrom="md" style={{ whiteSpace: "nowrap" }}>
          does not count
        </Text>
      )}
    </Group>
  );
}

interface Props {
  task: Task;
  studyId: string;
  journal: Journal;
  onNext: () => Promise<NextOutcome>;
}

/** A person of a study is handed in: after practice how well it went, else on to the next. */
export function StudyDone({ task, studyId, journal, onNext }: Props) {
  const [busy, setBusy] = useState(false);
  const feedback = useQuery({
    queryKey: ["work", task.id, "feedback"],
    queryFn: async ({ signal }) => {
      try {
        return await getFeedback(task.id, { signal });
      } catch (error) {
        // Only practice persons have any.
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
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
      Next person
    </Button>
  );
  return (
    <div className={pageClasses.page} data-testid="step-done">
      <TopBar task={task} journal={journal} place={<AfterPlace studyId={studyId} taskId={task.id} />} masksFixed />
      {feedback.data ? (
        <Suspense fallback={<LoadingState label="Loading the body" />}>
          <FeedbackView task={task} feedback={feedback.data} action={button} />
        </Suspense>
      ) : feedback.isPending ? (
        <LoadingState label="Looking how it went" />
      ) : (
        <main className={doneClasses.done}>
          <Stack align="center" gap="xs">
            <IconCircleCheck size={44} stroke={1.4} className={doneClasses.icon} aria-hidden />
            <Title order={2} aria-live="polite">
              This person is handed in
            </Title>
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

/** How much of the study is done now. */
function AfterPlace({ studyId, taskId }: { studyId: string; taskId: string }) {
  const mine = useQuery({
    queryKey: ["work", taskId, "mine", "after"],
    queryFn: ({ signal }) => getMine(studyId, { signal }),
  }).data;
  if (!mine) return <span />;
  return (
    <Text size="sm" c="dimmed" className="numbers" truncate>
      {mine.name}: {mine.done} of {mine.total} handed in
    </Text>
  );
}
