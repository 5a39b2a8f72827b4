import { Anchor, Paper, SimpleGrid, Stack, Text } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link } from "react-router";
import { getJobs, isOver, type Job } from "../jobs/api";
import { JobError } from "../jobs/JobError";
import { JobProgress } from "../jobs/JobProgress";
import { useJob } from "../jobs/useJob";
import projectClasses from "../projects/projects.module.css";
import { ago } from "./format";

const DAY_MS = 86_400_000;

/** Jobs that render persons for studies that are not set up yet; those that failed are told of for a day. */
export function pendingOf(jobs: readonly Job[], now = Date.now()): Job[] {
  return jobs.filter(
    ({ kind, state, finished_at }) =>
      kind === "study-renders" &&
      (!isOver(state) || (state === "failed" && finished_at && now - Date.parse(finished_at) < DAY_MS)),
  );
}

/** `known` is false until the server has answered once, or failed to. */
export function usePending(projectId: string, enabled: boolean): { jobs: Job[]; known: boolean } {
  const jobs = useQuery({
    queryKey: ["projects", projectId, "jobs", "first"],
    queryFn: ({ signal }) => getJobs(projectId, undefined, { signal }),
    enabled,
  });
  return { jobs: pendingOf(jobs.data?.items ?? []), known: !jobs.isPending };
}

/** The study that a job of renders is for, as the job's title names it. */
export function studyNameOf({ title }: Pick<Job, "title">): string {
  return /“(.*)”/.exec(title)?.[1] ?? title;
}

/** A study whose persons are still being rendered. */
export function PendingStudy({ listed, projectId }: { listed: Job; projectId: string }) {
  const client = useQueryClient();
  const job = useJob(isOver(listed.state) ? null : listed.id) ?? listed;
  const finished = isOver(job.state) && !isOver(listed.state);
  useEffect(() => {
    if (finished) void client.invalidateQueries({ queryKey: ["projects", projectId] });
  }, [client, projectId, finished]);
  const failed = job.state === "failed";
  return (
    <Paper component="li" className={projectClasses.row} bg="var(--dm-surface)" data-testid="pending-study">
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xl" p="lg">
        <Stack gap={4}>
          <Text c="bright" fw={600}>
            {studyNameOf(job)}
          </Text>
          <Text size="sm" c="dimmed">
            {failed
              ? `Not set up. Tried ${ago(job.created_at)}; persons that were rendered are in the project.`
              : "Its persons are being rendered. It is set up by itself when they are there; you may close the browser."}
          </Text>
          {failed && (
            <Anchor component={Link} to="new" size="sm" w="fit-content">
              Set it up anew
            </Anchor>
          )}
        </Stack>
        <Stack>{failed ? <JobError reason={job.error} /> : <JobProgress job={job} />}</Stack>
      </SimpleGrid>
    </Paper>
  );
}
