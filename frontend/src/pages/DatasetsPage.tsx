import { Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { IconDownload, IconPackage, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { Restricted } from "../components/Restricted";
import { EmptyState, ErrorState, LoadingState } from "../components/states";
import { datasetQueries } from "../datasets/queries";
import { SnapshotRow } from "../datasets/SnapshotRow";
import { Withdrawals } from "../datasets/Withdrawals";
import projectClasses from "../projects/projects.module.css";
import { useCurrentProject } from "./ProjectLayout";

/** The snapshots of a project, and the photos that were withdrawn from it. */
export default function DatasetsPage() {
  const project = useCurrentProject();
  const may = project.can.export;
  const snapshots = useQuery({ ...datasetQueries.ofProject(project.id), enabled: may });
  if (!may) {
    return (
      <Restricted
        title="Only project leads, engineers and administrators see the datasets"
        to={`/projects/${project.id}`}
        back="Go to the overview"
      />
    );
  }
  const actions = (
    <Group gap="sm">
      <Button component={Link} to="now" variant="default" leftSection={<IconDownload size={18} stroke={1.7} />}>
        Download the work as it is now
      </Button>
      <Button component={Link} to="new" leftSection={<IconPlus size={18} />}>
        New snapshot
      </Button>
    </Group>
  );
  if (snapshots.isPending) return <LoadingState label="Loading the snapshots" />;
  if (snapshots.isError && !snapshots.data) {
    return <ErrorState error={snapshots.error} retry={() => snapshots.refetch()} />;
  }
  const items = snapshots.data?.items ?? [];
  return (
    <Stack gap="xl">
      {items.length === 0 ? (
        <Paper bg="var(--dm-surface)">
          <EmptyState
            icon={<IconPackage size={36} stroke={1.4} />}
            title="A dataset that stays what it is"
            action={actions}
          >
            A snapshot is the project's finished work at one moment, split and hashed, which no later work changes.
            Train on it and name it by its hash: everybody who has it has the same bytes.
          </EmptyState>
        </Paper>
      ) : (
        <Stack gap="lg">
          <Group justify="space-between" align="flex-end">
            <Stack gap={4}>
              <Title order={2}>Snapshots</Title>
              <Text c="dimmed" maw={560}>
                Versions of the finished work that no later work changes.
              </Text>
            </Stack>
            {actions}
          </Group>
          <Stack gap="sm" component="ul" className={projectClasses.list}>
            {items.map((snapshot) => (
              <SnapshotRow key={snapshot.id} snapshot={snapshot} />
            ))}
          </Stack>
        </Stack>
      )}
      <Withdrawals projectId={project.id} />
    </Stack>
  );
}
