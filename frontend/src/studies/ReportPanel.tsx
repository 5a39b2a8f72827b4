import { Alert, Button, Group, Paper, Progress, Stack, Text, Title } from "@mantine/core";
import { IconFileAnalytics } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link } from "react-router";
import { count, percent } from "../components/Meter";
import { InlineError } from "../components/states";
import { isOver } from "../jobs/api";
import { JobProgress } from "../jobs/JobProgress";
import { useJob } from "../jobs/useJob";
import { makeReport } from "./api";
import { ago, persons } from "./format";
import { studyQueries } from "./queries";
import type { Study, StudyCommon, StudyProgress, StudyReport } from "./types";

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

interface PanelProps {
  study: Study;
  /** Undefined until it is known. */
  progress: StudyProgress | undefined;
  manage: boolean;
}

/** On the study's page: makes the report, tells how far it is, and leads to it. */
export function ReportPanel({ study, progress, manage }: PanelProps) {
  const { status, make, job, running } = useReport(study.id);
  const { report, table } = status.data ?? {};
  const marked = progress ? isMarked(study, progress) : null;
  const known = status.data !== undefined && marked !== null;
  const thin = progress?.common && marked ? thinWords(progress.common) : null;
  return (
    <Paper bg="var(--dm-surface)" p="lg">
      <Stack gap="sm" align="stretch">
        <Group gap="xs">
          <IconFileAnalytics size={20} stroke={1.6} aria-hidden />
          <Title order={2}>Report</Title>
        </Group>
        {known ? (
          <Text size="sm" c="dimmed" component="div">
            {stateOf(status.data, marked, running)}
          </Text>
        ) : (
          !status.isError && (
            <Text size="sm" c="dimmed" role="status">
              Loading whether there is a report …
            </Text>
          )
        )}
        {thin && (
          <Text size="sm" c="dimmed" role="note" data-testid="thin">
            {thin}
          </Text>
        )}
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
            <Button component={Link} to={`/studies/${study.id}/report`}>
              Open the report
            </Button>
          )}
          {known && manage && !running && (
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

/** Whether there is anything to report: what is begun counts once the study is closed. */
function isMarked({ state }: Study, { done, annotators }: StudyProgress): boolean {
  return done > 0 || (state === "closed" && annotators.some(({ marks }) => marks > 0));
}

/** What there is of a report, in a sentence or two. */
export function stateOf(
  { report, computed_at, stale, outdated }: StudyReport,
  marked: boolean,
  running: boolean,
): string {
  if (running) return report && computed_at ? `Made ${ago(computed_at)}; being made anew.` : "It is being made.";
  if (report && computed_at) return [`Made ${ago(computed_at)}.`, ageWords(stale, outdated)].filter(Boolean).join(" ");
  if (!marked) return "As soon as a person is handed in, the report can be made.";
  return "Not made yet. It can be made at any time, also while annotators are at work.";
}

/** Why a report should be made anew; empty where it need not. */
function ageWords(stale: boolean, outdated: boolean): string {
  if (stale) return "Marks have been added since.";
  return outdated ? "DenseMark has changed since: made anew, it may say some things otherwise." : "";
}

/** That a report would not say who differs from whom, while annotators have done too few of the same persons. */
export function thinWords({ pairs, enough, most, needed }: StudyCommon): string | null {
  if (enough === pairs) return null;
  const order = "Each goes through the persons in an order of their own.";
  if (enough === 0) {
    return `A report says so far how accurate annotators are, not who differs from whom: any two have at most ${persons(most)} in common, and a test takes ${needed}. ${order}`;
  }
  return `A report can compare ${count(enough)} of ${count(pairs)} pairs of annotators so far, those with ${needed} persons or more in common. ${order}`;
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
  const words = status.data && ageWords(status.data.stale, status.data.outdated);
  if (!words) return null;
  return (
    <Alert variant="light" color="yellow" p="sm" role="status">
      <Group justify="space-between">
        <Text size="sm">{words}</Text>
        <Button size="xs" variant="default" loading={make.isPending} onClick={() => make.mutate()}>
          Update the report
        </Button>
      </Group>
      <InlineError error={make.error} />
    </Alert>
  );
}
