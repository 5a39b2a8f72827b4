import { Group, Stack, Text, Title } from "@mantine/core";
import { IconPhotoPlus } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./EmptyProject.module.css";

/** What a lead sees first in a new project: where the photos go. */
export function EmptyProject({ action }: { action: ReactNode }) {
  return (
    <Stack align="center" gap="xs" className={classes.zone}>
      <Text c="dimmed" lh={0} aria-hidden>
        <IconPhotoPlus size={44} stroke={1.3} />
      </Text>
      <Title order={2}>Add the first photos</Title>
      <Text c="dimmed" ta="center" maw={470}>
        Drop photos, folders or zip files anywhere on this page. A COCO file (JSON) together with its photos brings the
        boxes of the people as well.
      </Text>
      <Group mt="sm">{action}</Group>
    </Stack>
  );
}
