import { Anchor, Badge, Button, Group, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { IconStack2 } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { count } from "../components/Meter";
import { Restricted } from "../components/Restricted";
import { EmptyState, ErrorState, LoadingState } from "../components/states";
import { getJobs, isOver, type Job, type JobState } from "../jobs/api";
import { JobError } from "../jobs/JobError";
import { JobProgress } from "../jobs/JobProgress";
import { useJob } from "../jobs/useJob";
import { duration, persons as personsText, when } from "../studies/format";
import { useCurrentProject } from "./ProjectLayout";

export default function JobsPage() {
  const project = useCurrentProject();
  if (project.can.manage || project.can.export) return <Jobs projectId={project.id} />;
  return (
    <Restricted
      title="Only project leads, engineers and administrators see the jobs"
      to={`/projects/${project.id}`}
      back="Go to the overview"
    />
  );
}

function Jobs({ projectId }: { projectId: string }) {
  const jobs = useInfiniteQuery({
    queryKey: ["projects", projectId, "jobs"],
    queryFn: ({ pageParam, signal }) => getJobs(projectId, pageParam, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    refetchInterval: 15_000,
  });
  const items = jobs.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Stack gap="lg">
      <Stack gap={4}>
        <Title order={2}>Jobs</Title>
        <Text c="dimmed" maw={640}>
          Long work that goes on without a browser: rendering persons, computing reports. A job that was interrupted is
          taken up again where it stopped.
        </Text>
      </Stack>
      {jobs.isPending && <LoadingState label="Loading the jobs" />}
      {jobs.isError && items.length === 0 && <ErrorState error={jobs.error} retry={() => jobs.refetch()} />}
      {jobs.isSuccess && (
        <Paper bg="var(--dm-surface)" style={{ overflow: "hidden" }}>
          {items.length === 0 ? (
            <EmptyState icon={<IconStack2 size={32} stroke={1.4} />} title="No jobs yet">
              Rendering persons and making a study's report appear here.
            </EmptyState>
          ) : (
            <Table verticalSpacing="sm" horizontalSpacing="lg" layout="fixed">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th w="30%">Job</Table.Th>
                  <Table.Th w={145}>State</Table.Th>
                  <Table.Th>Progress and result</Table.Th>
                  <Table.Th w={220}>Begun</Table.Th>
                  <Table.Th w={100}>Took</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {items.map((job) => (
                  <JobRow key={job.id} listed={job} />
                ))}
              </Table.Tbody>
            </Table>
          )}
        </Paper>
      )}
      {jobs.hasNextPage && (
        <Group justify="center">
          <Button variant="default" loading={jobs.isFetchingNextPage} onClick={() => jobs.fetchNextPage()}>
            Show more
          </Button>
        </Group>
      )}
    </Stack>
  );
}

const STATES: Record<JobState, { label: string; color: string }> = {
  queued: { label: "Waiting", color: "gray" },
  running: { label: "Running", color: "accent" },
  done: { label: "Done", color: "green" },
  failed: { label: "Failed", color: "red" },
  cancelled: { label: "Cancelled", color: "gray" },
};

function JobRow({ listed }: { listed: Job }) {
  const followed = useJob(isOver(listed.state) ? null : listed.id);
  const job = followed ?? listed;
  const { label, color } = STATES[job.state];
  return (
    <Table.Tr>
      <Table.Td fw={530} style={{ overflowWrap: "anywhere" }}>
        {job.title}
      </Table.Td>
      <Table.Td>
        <Badge variant="default" radius="sm" tt="none" fw={560} leftSection={<Dot color={color} />}>
          {label}
        </Badge>
      </Table.Td>
      <Table.Td>
        {job.state === "done" ? (
          <Text size="sm" c="dimmed">
            {resultWords(job)}
            <ResultLink job={job} />
          </Text>
        ) : job.state === "failed" ? (
          <JobError reason={job.error} />
        ) : job.state === "cancelled" ? (
          <Text size="sm" c="dimmed" className="numbers">
            {job.total > 0 ? `Stopped at ${job.done} of ${job.total}` : "Stopped before it began"}
          </Text>
        ) : (
          <JobProgress job={job} />
        )}
      </Table.Td>
      <Table.Td>
        <Text size="sm" className="numbers">
          {when(job.started_at ?? job.created_at)}
        </Text>
      </Table.Td>
      <Table.Td>
        <Text size="sm" className="numbers">
          {took(job)}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}

function Dot({ color }: { color: string }) {
  const fill =
    color === "green" ? "var(--dm-good)" : color === "red" ? "var(--dm-bad)" : `var(--mantine-color-${color}-5)`;
  return <span aria-hidden style={{ width: 7, height: 7, borderRadius: "50%", background: fill, display: "block" }} />;
}

/** What a finished job has given. */
export function resultWords(job: Job): string {
  const gave = (job.result ?? {}) as Record<string, unknown>;
  if (typeof gave.persons === "number" && typeof gave.images === "number") {
    return `${personsText(gave.persons)} in ${count(gave.images)} ${gave.images === 1 ? "image" : "images"}`;
  }
  if (job.kind === "study-report") return "";
  return job.message || "Finished";
}

/** Leads to what a job has made: a study, or its report. */
function ResultLink({ job }: { job: Job }) {
  const { study } = (job.result ?? {}) as Record<string, unknown>;
  if (typeof study !== "string") return null;
  const report = job.kind === "study-report";
  return (
    <>
      {!report && ", "}
      <Anchor component={Link} to={`/studies/${study}${report ? "/report" : ""}`} size="sm">
        {report ? "Open the report" : "open the study"}
      </Anchor>
    </>
  );
}

function took({ started_at, finished_at }: Job): string {
  if (!started_at) return "–";
  const end = finished_at ? new Date(finished_at).getTime() : Date.now();
  return duration(Math.max((end - new Date(started_at).getTime()) / 1000, 0));
}
