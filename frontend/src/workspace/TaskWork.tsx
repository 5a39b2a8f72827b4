import { Button, Center, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconLock } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { useNavigate } from "react-router";
import { getMask, getPoints, nextTask, openPersonTask, renewLease } from "@/api/endpoints";
import { ApiError, messageOf } from "@/api/error";
import { queries } from "@/api/queries";
import type { Task, User } from "@/api/types";
import { EmptyState, ErrorState, LoadingState } from "@/components/states";
import { partsOf } from "@/parts";
import { nextStudyTask } from "@/studies/api";
import { StudyDone, StudyPlace } from "@/studies/work";
import { DonePage, type NextOutcome } from "./DonePage";
import type { MaskPayload } from "./journal/http";
import type { Journal } from "./journal/journal";
import { LeaseKeeper } from "./LeaseKeeper";
import { MarksStep } from "./marks/MarksStep";
import { MaskStep } from "./masks/MaskStep";
import { settingsOf } from "./settings";
import { BareTopBar, TopBar } from "./TopBar";
import classes from "./Workspace.module.css";

interface Props {
  taskId: string;
  user: User;
  journal: Journal;
}

/** Work in progress is never shown from a cache: the journal and the server together say what is current. */
const FRESH = { staleTime: Number.POSITIVE_INFINITY, gcTime: 0, refetchOnWindowFocus: false } as const;

/** Takes the task's lease. A task that is over leads to the one that the person is at. */
async function openTask(taskId: string): Promise<Task> {
  const task = await renewLease(taskId);
  if (task.state === "open" || task.state === "returned") return task;
  return openPersonTask(task.person.id);
}

/** Everything about one task, from taking it to handing it in. */
export function TaskWork({ taskId, user, journal }: Props) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const task = useQuery({ queryKey: ["work", taskId], queryFn: () => openTask(taskId), ...FRESH });

  const goTo = useCallback(
    (next: Task) => {
      client.removeQueries({ queryKey: ["work"] });
      client.setQueryData(["work", next.id], next);
      navigate(`/annotate/${next.id}`, { replace: true });
    },
    [client, navigate],
  );
  const goOn = useCallback(
    async ({ project_id, study }: Task): Promise<NextOutcome> => {
      try {
        const next = await (study ? nextStudyTask(study.id) : nextTask(project_id));
        if (!next && study) navigate(`/studies/${study.id}/work`, { replace: true });
        if (!next) return "nothing left";
        goTo(next);
        return "opened";
      } catch (error) {
        notifications.show({ color: "red", message: messageOf(error) });
        return "failed";
      }
    },
    [goTo, navigate],
  );

  if (task.error) return <Unavailable error={task.error} retry={() => task.refetch()} />;
  if (!task.data) return <Loading />;
  const current = task.data;
  if (current.kind === "points" && current.state === "submitted") {
    const next = () => goOn(current);
    if (current.study) return <StudyDone task={current} study={current.study} journal={journal} onNext={next} />;
    return <DonePage task={current} journal={journal} onNext={next} onReopened={goTo} />;
  }
  return (
    // Buttons and canvases take clicks without taking the keyboard focus: keys keep going to the page.
    // biome-ignore lint/a11y/noStaticElementInteractions: it only keeps the focus where it is.
    <div className={classes.page} onMouseDown={keepFocus} data-testid={`step-${current.kind}`}>
      <TopBar
        task={current}
        journal={journal}
        place={current.study && <StudyPlace task={current} study={current.study} />}
      />
      <LeaseKeeper task={current} />
      {current.kind === "mask" ? (
        <Masks
          key={`${current.id} ${current.region.join()}`}
          task={current}
          user={user}
          journal={journal}
          onSubmitted={goTo}
          onMoved={() => task.refetch()}
        />
      ) : (
        <Points key={current.id} task={current} user={user} journal={journal} goTo={goTo} />
      )}
    </div>
  );
}

function keepFocus(event: React.MouseEvent): void {
  const target = event.target as Element;
  if (target.closest("input, textarea, select, [role=slider], [role=dialog]")) return;
  event.preventDefault();
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

interface StepProps {
  task: Task;
  user: User;
  journal: Journal;
}

/** The parts of the body that a task's project is annotated on. */
function useParts(task: Task) {
  return useQuery({ ...queries.body(task.body.hash), select: partsOf });
}

interface MasksProps extends StepProps {
  onSubmitted: (next: Task) => void;
  onMoved: () => void;
}

function Masks({ task, user, journal, onSubmitted, onMoved }: MasksProps) {
  const mask = useQuery({
    queryKey: ["work", task.id, "mask", ...task.region],
    queryFn: async ({ signal }) => {
      const ref = { kind: "mask" as const, id: task.mask_id };
      // Asked before the fetch: what is confirmed in between is in what the server answers.
      const local = journal.local(ref) as MaskPayload | null;
      const stored = await getMask(task.id, { signal });
      journal.seen(ref, stored.revision);
      return { stored, local };
    },
    ...FRESH,
  });
  const parts = useParts(task);
  if (parts.error) return <ErrorState error={parts.error} retry={() => parts.refetch()} />;
  if (mask.error) return <ErrorState error={mask.error} retry={() => mask.refetch()} />;
  if (!mask.data || !parts.data) return <LoadingState />;
  const { stored, local } = mask.data;
  return (
    <MaskStep
      task={task}
      mask={stored}
      parts={parts.data}
      local={local}
      journal={journal}
      settings={settingsOf(user.id)}
      onSubmitted={onSubmitted}
      onMoved={onMoved}
    />
  );
}

function Points({ task, user, journal, goTo }: StepProps & { goTo: (next: Task) => void }) {
  const points = useQuery({
    queryKey: ["work", task.id, "points"],
    queryFn: async ({ signal }) => {
      const local = journal.unconfirmed("mark");
      const { items } = await getPoints(task.id, { signal });
      return { items, local };
    },
    ...FRESH,
  });
  const parts = useParts(task);
  if (parts.error) return <ErrorState error={parts.error} retry={() => parts.refetch()} />;
  if (points.error) return <ErrorState error={points.error} retry={() => points.refetch()} />;
  if (!points.data || !parts.data) return <LoadingState />;
  return (
    <MarksStep
      task={task}
      user={user}
      points={points.data.items}
      parts={parts.data}
      local={points.data.local}
      journal={journal}
      settings={settingsOf(user.id)}
      onTask={goTo}
    />
  );
}

function Loading() {
  return (
    <Center h="100dvh">
      <LoadingState />
    </Center>
  );
}

/** The task cannot be opened: somebody else has it, or something failed. */
function Unavailable({ error, retry }: { error: unknown; retry: () => void }) {
  const navigate = useNavigate();
  const taken = error instanceof ApiError && error.status === 409;
  return (
    <div className={classes.page}>
      <BareTopBar />
      <Center component="main">
        {taken ? (
          <EmptyState
            icon={<IconLock size={32} stroke={1.5} />}
            page
            title="This person is taken"
            action={
              <>
                <Button variant="default" onClick={retry}>
                  Try again
                </Button>
                <Button onClick={() => navigate("/projects")}>To the projects</Button>
              </>
            }
          >
            <Text>{messageOf(error)}</Text>
          </EmptyState>
        ) : (
          <ErrorState error={error} retry={retry} page />
        )}
      </Center>
    </div>
  );
}
