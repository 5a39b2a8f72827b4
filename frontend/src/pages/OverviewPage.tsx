import { Stack } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useCallback } from "react";
import { useMe } from "../api/queries";
import { ImageGrid } from "../images/ImageGrid";
import { EmptyProject } from "../projects/EmptyProject";
import { NextActionPanel } from "../projects/NextActionPanel";
import { nextAction } from "../projects/nextAction";
import { AddPhotos } from "../uploads/AddPhotos";
import { CocoDialog } from "../uploads/CocoDialog";
import { DropOverlay } from "../uploads/DropOverlay";
import type { Picked } from "../uploads/files";
import { uploads } from "../uploads/uploads";
import { useCurrentProject } from "./ProjectLayout";

export default function OverviewPage() {
  const project = useCurrentProject();
  const { user } = useMe();
  const [cocoOpen, coco] = useDisclosure(false);
  const add = useCallback((picked: Picked[]) => uploads.add(project.id, picked), [project.id]);
  const action = nextAction(project, user.role);
  return (
    <Stack gap={36}>
      {action === "add-photos" ? (
        <EmptyProject action={<AddPhotos size="md" onPicked={add} onCoco={coco.open} />} />
      ) : (
        <NextActionPanel project={project} action={action} />
      )}
      {project.progress.images > 0 && (
        <ImageGrid
          projectId={project.id}
          total={project.progress.images}
          action={project.can.manage && <AddPhotos variant="default" onPicked={add} onCoco={coco.open} />}
        />
      )}
      {project.can.manage && (
        <>
          <DropOverlay onPicked={add} />
          <CocoDialog opened={cocoOpen} onClose={coco.close} onPicked={add} />
        </>
      )}
    </Stack>
  );
}
