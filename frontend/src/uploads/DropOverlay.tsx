import { Center, Stack, Text } from "@mantine/core";
import { IconPhotoPlus } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import classes from "./DropOverlay.module.css";
import { fromDrop, type Picked } from "./files";

const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;

/** While mounted, files can be dropped anywhere on the page. */
export function DropOverlay({ onPicked }: { onPicked: (picked: Picked[]) => void }) {
  const [over, setOver] = useState(false);
  useEffect(() => {
    // Entering a child fires before leaving its parent, so enters and leaves are counted.
    let depth = 0;
    const enter = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth += 1;
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      depth = Math.max(depth - 1, 0);
      if (depth === 0) setOver(false);
    };
    const above = (event: DragEvent) => {
      if (carriesFiles(event)) event.preventDefault();
    };
    const drop = (event: DragEvent) => {
      if (!carriesFiles(event) || !event.dataTransfer) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      void fromDrop(event.dataTransfer).then(onPicked);
    };
    window.addEventListener("dragenter", enter);
    window.addEventListener("dragleave", leave);
    window.addEventListener("dragover", above);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragenter", enter);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("dragover", above);
      window.removeEventListener("drop", drop);
    };
  }, [onPicked]);
  if (!over) return null;
  return (
    <Center className={classes.overlay}>
      <Stack align="center" gap="xs">
        <IconPhotoPlus size={44} stroke={1.4} aria-hidden />
        <Text fw={600} size="lg">
          Drop to add to the project
        </Text>
        <Text c="dimmed">Photos, folders of photos, zip files, and COCO files (JSON) with their photos</Text>
      </Stack>
    </Center>
  );
}
