import { Button, type ButtonProps, Menu, Text } from "@mantine/core";
import { IconBraces, IconFolder, IconPhoto, IconPhotoPlus } from "@tabler/icons-react";
import { chooseFiles, PHOTO_TYPES, type Picked } from "./files";

/** The button that opens the three ways in: files, a folder, a COCO file. */
export function AddPhotos({
  onPicked,
  onCoco,
  ...button
}: ButtonProps & { onPicked: (picked: Picked[]) => void; onCoco: () => void }) {
  return (
    <Menu position="bottom-end" width={310}>
      <Menu.Target>
        <Button leftSection={<IconPhotoPlus size={18} />} {...button}>
          Add photos
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<IconPhoto size={18} stroke={1.6} />}
          onClick={() => chooseFiles({ accept: PHOTO_TYPES }).then(onPicked)}
        >
          Photos or zip files
        </Menu.Item>
        <Menu.Item
          leftSection={<IconFolder size={18} stroke={1.6} />}
          onClick={() => chooseFiles({ folder: true }).then(onPicked)}
        >
          A folder with everything in it
        </Menu.Item>
        <Menu.Item leftSection={<IconBraces size={18} stroke={1.6} />} onClick={onCoco}>
          A COCO or DensePose file with its people
        </Menu.Item>
        <Text size="xs" c="dimmed" px="sm" py={6}>
          You can also drop all of these anywhere on this page.
        </Text>
      </Menu.Dropdown>
    </Menu>
  );
}
