import { Button, FileInput, Group, Modal, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { chooseFiles, fromInput, PHOTO_TYPES, type Picked } from "./files";

/** Takes a COCO annotation file and, unless the project has them already, its photos. */
export function CocoDialog(props: { opened: boolean; onClose: () => void; onPicked: (picked: Picked[]) => void }) {
  const [coco, setCoco] = useState<File | null>(null);
  const [photos, setPhotos] = useState<Picked[]>([]);
  const close = () => {
    setCoco(null);
    setPhotos([]);
    props.onClose();
  };
  const choose = async (kind: { accept?: string; folder?: boolean }) => {
    const picked = await chooseFiles(kind);
    if (picked.length > 0) setPhotos(picked);
  };
  const submit = () => {
    if (!coco) return;
    props.onPicked([...photos, ...fromInput([coco])]);
    close();
  };
  return (
    <Modal opened={props.opened} onClose={close} title="Import people from a COCO file">
      <Stack>
        <FileInput
          label="Annotation file"
          description="JSON with images and annotations, like person_keypoints_val2017.json"
          placeholder="Choose a file"
          accept=".json,application/json"
          value={coco}
          onChange={setCoco}
          required
          data-autofocus
        />
        <Stack gap={6}>
          <Text size="sm" fw={500}>
            Photos
          </Text>
          <Text size="xs" c="dimmed">
            Found by their file names. Photos that are in the project already need not be sent again.
          </Text>
          <Group gap="xs">
            <Button variant="default" size="xs" onClick={() => choose({ accept: PHOTO_TYPES })}>
              Choose files
            </Button>
            <Button variant="default" size="xs" onClick={() => choose({ folder: true })}>
              Choose a folder
            </Button>
            <Text size="sm" c="dimmed" aria-live="polite">
              {photos.length > 0 && `${photos.length.toLocaleString("en")} files chosen`}
            </Text>
          </Group>
        </Stack>
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button disabled={!coco} onClick={submit}>
            Import
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
