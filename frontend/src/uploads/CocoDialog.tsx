import { Button, Checkbox, FileInput, Group, Modal, Stack, TagsInput, Text } from "@mantine/core";
import { useState } from "react";
import { chooseFiles, fromInput, PHOTO_TYPES, type Picked } from "./files";
import type { ImportOptions } from "./queue";

interface Props {
  opened: boolean;
  /** Of the project's body. */
  body: string;
  onClose: () => void;
  onPicked: (picked: Picked[], options: ImportOptions) => void;
}

/** Takes a COCO or DensePose file and, unless the project has them already, its photos. */
export function CocoDialog(props: Props) {
  const [coco, setCoco] = useState<File | null>(null);
  const [photos, setPhotos] = useState<Picked[]>([]);
  const [tags, setTags] = useState<string[]>([]);
  const [asProjectBody, setAsProjectBody] = useState(false);
  const close = () => {
    setCoco(null);
    setPhotos([]);
    setTags([]);
    setAsProjectBody(false);
    props.onClose();
  };
  const choose = async (kind: { accept?: string; folder?: boolean }) => {
    const picked = await chooseFiles(kind);
    if (picked.length > 0) setPhotos(picked);
  };
  const submit = () => {
    if (!coco) return;
    props.onPicked([...photos, ...fromInput([coco])], { tags, asProjectBody });
    close();
  };
  return (
    <Modal opened={props.opened} onClose={close} title="Import a dataset" styles={{ body: { overflow: "visible" } }}>
      <Stack>
        <FileInput
          label="Annotation file"
          description="COCO persons, DensePose-COCO or DensePose-CSE (JSON). Masks and points become work that can be gone on with; ids, licences and addresses of the photos are kept."
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
        <TagsInput
          label="Tags"
          description="For the photos: snapshots can be made of those with a tag, or without it."
          placeholder={tags.length === 0 ? "May stay empty" : ""}
          maxTags={20}
          maxLength={100}
          value={tags}
          onChange={setTags}
        />
        <Checkbox
          label={`Its points are on ${props.body}, whatever the file says`}
          description="Else a file whose points are on another body is refused."
          checked={asProjectBody}
          onChange={(event) => setAsProjectBody(event.currentTarget.checked)}
        />
        <Text size="xs" c="dimmed">
          Persons that cannot be used are refused one by one, with their id and the reason; the others come in.
          Importing the same file twice adds nothing.
        </Text>
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
