import { Button, Group, Stack } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { useMe } from "../api/queries";
import { ImageGrid } from "../images/ImageGrid";
import { RenderDialog } from "../jobs/RenderDialog";
import { EmptyProject } from "../projects/EmptyProject";
import { NextActionPanel } from "../projects/NextActionPanel";
import { nextAction } from "../projects/nextAction";
import { MyStudies } from "../studies/MyStudies";
import { studyQueries } from "../studies/queries";
import { AddPhotos } from "../uploads/AddPhotos";
import { CocoDialog } from "../uploads/CocoDialog";
import { DropOverlay } from "../uploads/DropOverlay";
import type { Picked } from "../uploads/files";
import type { ImportOptions } from "../uploads/queue";
import { uploads } from "../uploads/uploads";
import { useCurrentProject } from "./ProjectLayout";

export default function OverviewPage() {
  const project = useCurrentProject();
  const { user } = useMe();
  const [cocoOpen, coco] = useDisclosure(false);
  const [rendering, render] = useDisclosure(false);
  const add = useCallback(
    (picked: Picked[], options?: ImportOptions) => uploads.add(project.id, picked, options),
    [project.id],
  );
  const action = nextAction(project, user.role);
  const mine = useQuery(studyQueries.mine());
  const studying = mine.data?.items.some(({ next, project_id }) => next && project_id === project.id);
  return (
    <Stack gap={36}>
      <MyStudies projectId={project.id} />
      {action === "add-photos" ? (
        <EmptyProject
          action={
            <>
              <AddPhotos size="md" onPicked={add} onCoco={coco.open} />
              <Button size="md" variant="default" onClick={render.open}>
                Render persons
              </Button>
            </>
          }
        />
      ) : (
        !(action === "wait" && studying) && <NextActionPanel project={project} action={action} />
      )}
      {project.progress.images > 0 && (
        <ImageGrid
          projectId={project.id}
          total={project.progress.images}
          action={
            project.can.manage && (
              <Group gap="sm">
                <Button variant="default" onClick={render.open}>
                  Render persons
                </Button>
                <AddPhotos variant="default" onPicked={add} onCoco={coco.open} />
              </Group>
            )
          }
        />
      )}
      {project.can.manage && (
        <>
          {!rendering && <DropOverlay onPicked={add} />}
          <RenderDialog projectId={project.id} opened={rendering} onClose={render.close} />
          <CocoDialog body={project.body.name} opened={cocoOpen} onClose={coco.close} onPicked={add} />
        </>
      )}
    </Stack>
  );
}
