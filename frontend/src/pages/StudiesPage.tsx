import { Anchor, Button, Group, Paper, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { IconPlus, IconTarget } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { Meter } from "../components/Meter";
import { Restricted } from "../components/Restricted";
import { EmptyState, ErrorState, LoadingState } from "../components/states";
import projectClasses from "../projects/projects.module.css";
import { ago, persons } from "../studies/format";
import { PendingStudy, usePending } from "../studies/Pending";
import { studyQueries } from "../studies/queries";
import { StateBadge } from "../studies/StateBadge";
import type { Study } from "../studies/types";
import { useCurrentProject } from "./ProjectLayout";

/** The accuracy studies of a project. */
export default function StudiesPage() {
  const project = useCurrentProject();
  const may = project.can.manage || project.can.export;
  const studies = useQuery({ ...studyQueries.ofProject(project.id), enabled: may });
  const { jobs: pending, known } = usePending(project.id, may);
  if (!may) {
    return (
      <Restricted
        title="Only project leads, engineers and administrators see the studies"
        to={`/projects/${project.id}`}
        back="Go to the overview"
      />
    );
  }
  const create = project.can.manage && (
    <Button component={Link} to="new" leftSection={<IconPlus size={18} />}>
      New study
    </Button>
  );
  if (studies.isPending || !known) return <LoadingState label="Loading the studies" />;
  if (studies.isError && !studies.data) return <ErrorState error={studies.error} retry={() => studies.refetch()} />;
  const items = studies.data?.items ?? [];
  if (items.length === 0 && pending.length === 0) {
    return (
      <Paper bg="var(--dm-surface)">
        <EmptyState
          icon={<IconTarget size={36} stroke={1.4} />}
          title="How accurate are your annotators?"
          action={create}
        >
          In a study, annotators mark rendered persons whose true surface points are known. The report says in
          centimetres how far their marks are off, where on the body, and who differs from whom.
        </EmptyState>
      </Paper>
    );
  }
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="flex-end">
        <Stack gap={4}>
          <Title order={2}>Accuracy studies</Title>
          <Text c="dimmed" maw={640}>
            Annotators mark rendered persons whose true surface points are known.
          </Text>
        </Stack>
        {create}
      </Group>
      <Stack gap="sm" component="ul" className={projectClasses.list}>
        {pending.map((job) => (
          <PendingStudy key={job.id} listed={job} projectId={project.id} />
        ))}
        {items.map((study) => (
          <StudyRow key={study.id} study={study} />
        ))}
      </Stack>
    </Stack>
  );
}

function StudyRow({ study }: { study: Study }) {
  const annotators = study.annotators.length;
  return (
    <Paper component="li" className={projectClasses.row} bg="var(--dm-surface)">
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xl" p="lg">
        <Stack gap={4}>
          <Group gap="sm">
            <Anchor component={Link} to={`/studies/${study.id}`} className={projectClasses.rowLink} c="bright" fw={600}>
              {study.name}
            </Anchor>
            <StateBadge state={study.state} />
          </Group>
          <Text size="sm" c="dimmed" className="numbers">
            {persons(study.persons)} × {annotators} {annotators === 1 ? "annotator" : "annotators"}, masks {study.masks}
          </Text>
        </Stack>
        <Stack gap={6}>
          <Meter label="Handed in" value={study.done} of={study.total} />
          <Text size="sm" c="dimmed">
            {study.opened_at ? `Opened ${ago(study.opened_at)}` : `Made ${ago(study.created_at)}`}
          </Text>
        </Stack>
      </SimpleGrid>
    </Paper>
  );
}
