import { Alert, Button, Group, Progress, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { messageOf } from "../api/error";
import { count, percent } from "../components/Meter";
import { cancelJob, isOver, type Job } from "./api";
import { JobError } from "./JobError";

/** A job that runs: how far it is, in figures and words, and a way to stop it. */
export function JobProgress({ job, cancellable = true }: { job: Job; cancellable?: boolean }) {
  const client = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => cancelJob(job.id),
    onSuccess: (now) => client.setQueryData(["jobs", job.id], now),
    onError: (error) => notifications.show({ color: "red", message: messageOf(error) }),
  });
  if (job.state === "failed") {
    return (
      <Alert color="red" variant="light" p="xs" role="alert">
        <JobError lead={`${job.title} failed. `} reason={job.error} />
      </Alert>
    );
  }
  const share = job.state === "done" ? 100 : percent(job.done, job.total);
  return (
    <Stack gap={6} aria-live="polite">
      <Group justify="space-between" wrap="nowrap" gap="md">
        <Text size="sm">{stateWords(job)}</Text>
        {!isOver(job.state) && cancellable && (
          <Button size="compact-xs" variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
            Cancel
          </Button>
        )}
      </Group>
      <Progress
        value={share}
        size={6}
        color={job.state === "done" ? "var(--dm-good)" : "accent"}
        animated={job.state === "running" && job.done === 0}
        aria-label={job.title}
      />
    </Stack>
  );
}

/** What a job is doing, in one line. */
export function stateWords(job: Job): string {
  // Of a job in one piece its message tells how far it is.
  const far = job.total > (job.message ? 1 : 0) ? `${count(job.done)} of ${count(job.total)}` : "";
  switch (job.state) {
    case "queued":
      return "Waiting for its turn";
    case "running":
      return [job.message || "Running", far].filter(Boolean).join(", ");
    case "done":
      return "Done";
    case "cancelled":
      return "Cancelled";
    case "failed":
      return `Failed: ${job.error ?? "no reason was told"}`;
  }
}
