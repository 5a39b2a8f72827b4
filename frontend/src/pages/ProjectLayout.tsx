import { ActionIcon, Anchor, Box, Group, Stack, Text, Title, Tooltip } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPencil } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, NavLink, Outlet, useOutletContext, useParams } from "react-router";
import { queries } from "../api/queries";
import type { Project } from "../api/types";
import { Page } from "../components/Page";
import { ErrorState, LoadingState } from "../components/states";
import { EditProjectDialog } from "../projects/EditProjectDialog";
import classes from "../projects/tabs.module.css";

/** The project that the layout's pages are about. */
export function useCurrentProject(): Project {
  return useOutletContext<Project>();
}

export default function ProjectLayout() {
  const { projectId = "" } = useParams();
  const project = useQuery(queries.project(projectId));
  const [editing, dialog] = useDisclosure(false);
  if (!project.data) {
    return project.isError ? (
      <ErrorState page error={project.error} retry={() => project.refetch()} />
    ) : (
      <LoadingState label="Loading the project" />
    );
  }
  const { name, description, can, body } = project.data;
  return (
    <Page title={name}>
      <Stack gap={2}>
        <Anchor component={Link} to="/projects" size="sm" w="fit-content">
          Projects
        </Anchor>
        <Group gap={6}>
          <Title order={1}>{name}</Title>
          {can.manage && (
            <Tooltip label="Rename or describe">
              <ActionIcon onClick={dialog.open} aria-label="Rename or describe the project">
                <IconPencil size={18} stroke={1.7} />
              </ActionIcon>
            </Tooltip>
          )}
        </Group>
        <Text size="sm" c="dimmed">
          Annotated on the body{" "}
          <Anchor component={Link} to={`/bodies/${body.hash}`} size="sm" underline="always">
            {body.name}
          </Anchor>
        </Text>
        {description && (
          <Text c="dimmed" maw={720} style={{ whiteSpace: "pre-line" }}>
            {description}
          </Text>
        )}
      </Stack>
      {(can.manage || can.export) && (
        <nav className={classes.tabs} aria-label="Project">
          <NavLink to="." end>
            Overview
          </NavLink>
          {can.manage && <NavLink to="people">Team</NavLink>}
          <NavLink to="accuracy">Accuracy</NavLink>
          <NavLink to="jobs">Jobs</NavLink>
          {can.export && <NavLink to="datasets">Datasets</NavLink>}
        </nav>
      )}
      <Box pt="lg">
        <Outlet context={project.data} />
      </Box>
      {can.manage && <EditProjectDialog project={project.data} opened={editing} onClose={dialog.close} />}
    </Page>
  );
}
