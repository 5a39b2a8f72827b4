import { Alert, Button, Group, Paper, Progress, Stack, Text, Title } from "@mantine/core";
import { IconFileAnalytics } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link } from "react-router";
import { percent } from "../components/Meter";
import { InlineError } from "../components/states";
import { isOver } from "../jobs/api";
import { JobProgress } from "../jobs/JobProgress";
import { useJob } from "../jobs/useJob";
import { makeReport } from "./api";
import { ago } from "./format";
import { studyQueries } from "./queries";
import type { StudyReport } from "./types";

/** A study's report as far as it is, and what makes it: `make` starts the job, `job` is followed while it runs. */
export function useReport(studyId: string) {
  const client = useQueryClient();
  const status = useQuery(studyQueries.report(studyId));
  const make = useMutation({
    mutationFn: () => makeReport(studyId),
    onSuccess: (job) => {
      client.setQueryData(["jobs", job.id], job);
      client.setQueryData(
        studyQueries.report(studyId).queryKey,
        (old: StudyReport | undefined) => old && { ...old, job },
      );
    },
  });
  const told = status.data?.job;
  const followed = useJob(told && !isOver(told.state) ? told.id : null);
  const job = followed ?? told ?? null;
  const running = job !== null && !isOver(job.state);
  const finished = followed ? isOver(followed.state) : false;
  useEffect(() => {
    if (finished) void client.invalidateQueries({ queryKey: ["studies", studyId] });
  }, [client, studyId, finished]);
  return { status, make, job, running };
}

/** On the study's page: makes the report, tells how far it is, and leads to it. */
export function ReportPanel({ studyId, marked, manage }: { studyId: string; marked: boolean; manage: boolean }) {
  const { status, make, job, running } = useReport(studyId);
  const { report, computed_at, stale, table } = status.data ?? {};
  return (
    <Paper bg="var(--dm-surface)" p="lg">
      <Stack gap="sm" align="stretch">
        <Group gap="xs">
          <IconFileAnalytics size={20} stroke={1.6} aria-hidden />
          <Title order={2}>Report</Title>
        </Group>
        <Text size="sm" c="dimmed" component="div">
          {report && computed_at
            ? `Made ${ago(computed_at)}.${stale ? " Marks have been added since." : ""}`
            : marked
              ? "Not made yet. It can be made at any time, also while annotators are at work."
              : "As soon as a person is handed in, the report can be made."}
        </Text>
        {job && (running || job.state === "failed") && <JobProgress job={job} />}
        {running && table?.state === "building" && (
          <div>
            <Text size="sm" c="dimmed">
              The body's table of distances is built first, once for this body: {percent(table.done, table.total)}%
            </Text>
            <Progress size={4} mt={4} value={percent(table.done, table.total)} aria-label="Table of distances" />
          </div>
        )}
        <InlineError error={status.error ?? make.error} />
        <Group gap="sm">
          {report && (
            <Button component={Link} to={`/studies/${studyId}/report`}>
              Open the report
            </Button>
          )}
          {manage && !running && (
            <Button
              variant={report ? "default" : "filled"}
              loading={make.isPending}
              disabled={!marked}
              onClick={() => make.mutate()}
            >
              {report ? "Update" : "Make the report"}
            </Button>
          )}
        </Group>
      </Stack>
    </Paper>
  );
}

/** On the report's page: the report is older than the newest marks. */
export function StaleNotice({ studyId }: { studyId: string }) {
  const { status, make, job, running } = useReport(studyId);
  if (job && running) {
    return (
      <Paper bg="var(--dm-surface)" p="md">
        <JobProgress job={job} />
      </Paper>
    );
  }
  if (!status.data?.stale) return null;
  return (
    <Alert variant="light" color="yellow" p="sm" role="status">
      <Group justify="space-between">
        <Text size="sm">Marks have been added since this report was made.</Text>
        <Button size="xs" variant="default" loading={make.isPending} onClick={() => make.mutate()}>
          Update the report
        </Button>
      </Group>
      <InlineError error={make.error} />
    </Alert>
  );
}
