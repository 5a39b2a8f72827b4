import { Anchor, Box, Button, Group, Paper, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconFolderPlus, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { queries, useMe } from "../api/queries";
import type { Project } from "../api/types";
import { count, Meter } from "../components/Meter";
import { Page } from "../components/Page";
import { EmptyState, ErrorState, LoadingState } from "../components/states";
import { CreateProjectDialog } from "../projects/CreateProjectDialog";
import classes from "../projects/projects.module.css";
import { MyStudies } from "../studies/MyStudies";
import { studyQueries } from "../studies/queries";

export default function ProjectsPage() {
  const { user } = useMe();
  const projects = useQuery(queries.projects());
  const [creating, dialog] = useDisclosure(false);
  const mine = useQuery(studyQueries.mine());
  // What has nothing but a study for somebody who does not manage it stands there as that study.
  const shown = ({ id, can, progress }: Project) =>
    can.manage || progress.images > 0 || !mine.data?.items.some(({ next, project_id }) => next && project_id === id);
  const mayCreate = user.role === "lead" || user.role === "admin";
  const create = (
    <Button leftSection={<IconPlus size={18} />} onClick={dialog.open}>
      New project
    </Button>
  );
  return (
    <Page title="Projects">
      <Group justify="space-between" mb="lg">
        <Title order={1}>Projects</Title>
        {mayCreate && projects.data && projects.data.length > 0 && create}
      </Group>
      {projects.isPending && <LoadingState />}
      {projects.isError && !projects.data && <ErrorState error={projects.error} retry={() => projects.refetch()} />}
      {projects.data?.length === 0 && (
        <Paper bg="var(--dm-surface)">
          {mayCreate ? (
            <EmptyState icon={<IconFolderPlus size={36} stroke={1.4} />} title="Start with a project" action={create}>
              A project holds photos, the people in them, and everything that is annotated on them.
            </EmptyState>
          ) : (
            <EmptyState icon={<IconFolderPlus size={36} stroke={1.4} />} title="You are in no project yet">
              Ask a project lead to add {user.username} to a project. It appears here at once.
            </EmptyState>
          )}
        </Paper>
      )}
      <Box mb={projects.data && projects.data.length > 0 ? "lg" : 0}>
        <MyStudies />
      </Box>
      <Stack gap="sm" component="ul" className={classes.list}>
        {projects.data?.filter(shown).map((project) => (
          <ProjectRow key={project.id} project={project} />
        ))}
      </Stack>
      <CreateProjectDialog opened={creating} onClose={dialog.close} />
    </Page>
  );
}

/** Why a project has no meters. */
function emptyWords({ can, progress }: Project): string {
  if (progress.images > 0) return "No people marked in the photos yet";
  return can.manage ? "No photos yet" : "Nothing to annotate yet";
}

function ProjectRow({ project }: { project: Project }) {
  const { progress } = project;
  return (
    <Paper component="li" className={classes.row} bg="var(--dm-surface)">
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xl" p="lg">
        <Stack gap={4}>
          <Anchor component={Link} to={`/projects/${project.id}`} className={classes.rowLink} c="bright" fw={600}>
            {project.name}
          </Anchor>
          <Text size="sm" c="dimmed" lineClamp={2}>
            {project.description || "No description"}
          </Text>
          <Text size="sm" c="dimmed" className="numbers">
            {count(progress.images)} {progress.images === 1 ? "image" : "images"}, {count(progress.persons)}{" "}
            {progress.persons === 1 ? "person" : "people"}
          </Text>
        </Stack>
        {progress.persons > 0 ? (
          <Stack gap="sm" justify="center">
            <Meter label="Masks submitted" value={progress.masks_done} of={progress.persons} />
            <Meter label="People finished" value={progress.points_done} of={progress.persons} />
          </Stack>
        ) : (
          <Text size="sm" c="dimmed" style={{ alignSelf: "center" }}>
            {emptyWords(project)}
          </Text>
        )}
      </SimpleGrid>
    </Paper>
  );
}
