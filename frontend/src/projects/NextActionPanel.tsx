import { Button, Paper, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconPackage, IconPencil, IconRectangle } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "react-router";
import { getImages, nextTask } from "../api/endpoints";
import { messageOf } from "../api/error";
import { queries } from "../api/queries";
import type { Project } from "../api/types";
import { count, Meter } from "../components/Meter";
import type { NextAction } from "./nextAction";

/** An empty project has a page of its own: EmptyProject. */
type Shown = Exclude<NextAction, "add-photos">;

/** The one next step for the viewer, beside how far the project is. */
export function NextActionPanel({ project, action }: { project: Project; action: Shown }) {
  const { progress } = project;
  const { title, text } = WORDS[action](project);
  return (
    <Paper bg="var(--dm-surface)" p="lg">
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing={48}>
        <Stack gap={4} align="flex-start" justify="center">
          <Title order={2}>{title}</Title>
          <Text c="dimmed" mb="xs">
            {text}
          </Text>
          <ActionButton action={action} project={project} />
        </Stack>
        {progress.persons > 0 && (
          <Stack gap="sm" justify="center">
            <Meter label="Masks submitted" value={progress.masks_done} of={progress.persons} />
            {progress.points > 0 && <Meter label="Points marked" value={progress.marks} of={progress.points} />}
            <Meter label="People finished" value={progress.points_done} of={progress.persons} />
          </Stack>
        )}
      </SimpleGrid>
    </Paper>
  );
}

const left = ({ progress }: Project) => progress.persons - progress.points_done;
const people = (n: number) => `${count(n)} ${n === 1 ? "person" : "people"}`;

const WORDS: Record<Shown, (project: Project) => { title: string; text: string }> = {
  "draw-boxes": () => ({
    title: "Mark the people",
    text: "The photos have no people marked yet. Draw a box around each person who shall be annotated.",
  }),
  annotate: (project) => ({
    title: "Annotate",
    text: `${people(left(project))} still to annotate. You get one at a time and go on where you stopped.`,
  }),
  export: ({ progress }) => ({
    title: "Make a dataset",
    text: `${people(progress.points_done)} finished and ready for a snapshot.`,
  }),
  "all-done": () => ({ title: "All done", text: "Everyone in this project is annotated. Thank you." }),
  wait: () => ({
    title: "Nothing to do yet",
    text: "The project lead is still preparing the photos. Work appears here as soon as there is some.",
  }),
};

function ActionButton({ action, project }: { action: Shown; project: Project }) {
  if (action === "annotate") return <AnnotateButton project={project} />;
  if (action === "draw-boxes") return <DrawBoxesButton project={project} />;
  if (action === "export") {
    return (
      <Button size="md" component={Link} to="datasets" leftSection={<IconPackage size={20} />}>
        Datasets
      </Button>
    );
  }
  return null;
}

function AnnotateButton({ project }: { project: Project }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const start = useMutation({
    mutationFn: () => nextTask(project.id),
    onSuccess: (task) => {
      if (task) {
        navigate(`/annotate/${task.id}`);
        return;
      }
      void client.invalidateQueries({ queryKey: queries.project(project.id).queryKey });
      notifications.show({ message: "Nothing is free right now: others are working on the people that are left." });
    },
    onError: (error) => notifications.show({ color: "red", message: messageOf(error) }),
  });
  const begun = project.progress.marks > 0 || project.progress.masks_done > 0;
  return (
    <Button size="md" leftSection={<IconPencil size={20} />} loading={start.isPending} onClick={() => start.mutate()}>
      {begun ? "Continue annotating" : "Start annotating"}
    </Button>
  );
}

function DrawBoxesButton({ project }: { project: Project }) {
  const navigate = useNavigate();
  const open = useMutation({
    mutationFn: () => getImages(project.id, { limit: 1 }),
    onSuccess: ({ items }) => items[0] && navigate(`/projects/${project.id}/images/${items[0].id}`),
    onError: (error) => notifications.show({ color: "red", message: messageOf(error) }),
  });
  return (
    <Button size="md" leftSection={<IconRectangle size={20} />} loading={open.isPending} onClick={() => open.mutate()}>
      Draw boxes
    </Button>
  );
}
