import { Button, Kbd, Popover, Text, UnstyledButton } from "@mantine/core";
import { IconFlag3 } from "@tabler/icons-react";
import type { Flag } from "@/api/types";
import classes from "./FlagMenu.module.css";

const FLAGS: readonly { flag: Flag; key: string; title: string; about: string }[] = [
  { flag: "occluded", key: "O", title: "Occluded", about: "Something else covers the body here" },
  { flag: "ambiguous", key: "A", title: "Ambiguous", about: "It could be several places" },
  { flag: "wrong_part", key: "P", title: "Wrong part", about: "The point is not on this part" },
  { flag: "outside", key: "X", title: "Outside", about: "The point is not on the person" },
];

/** The flag whose letter was pressed. */
export function flagOfKey({ key }: { key: string }): Flag | null {
  return FLAGS.find((each) => each.key === key.toUpperCase())?.flag ?? null;
}

interface Props {
  opened: boolean;
  onChange: (opened: boolean) => void;
  current: Flag | null;
  onFlag: (flag: Flag) => void;
}

/**
 * Why a point gets no mark. F opens it, a letter chooses; the page hears both, so that the focus stays where it is and
 * the two can be typed as fast as one likes.
 */
export function FlagMenu({ opened, onChange, current, onFlag }: Props) {
  return (
    <Popover
      opened={opened}
      onChange={onChange}
      position="bottom-end"
      width={300}
      shadow="md"
      withinPortal={false}
      returnFocus={false}
      transitionProps={{ duration: 0 }}
    >
      <Popover.Target>
        <Button
          size="xs"
          variant={current ? "light" : "default"}
          leftSection={<IconFlag3 size={15} />}
          rightSection={<Kbd size="xs">F</Kbd>}
          onClick={() => onChange(!opened)}
          data-testid="flag"
        >
          {FLAGS.find(({ flag }) => flag === current)?.title ?? "Flag"}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={6} aria-label="Flag this point">
        <Text size="xs" c="dimmed" px={8} py={4}>
          No mark, because this point is
        </Text>
        {FLAGS.map(({ flag, key, title, about }) => (
          <UnstyledButton key={flag} className={classes.item} onClick={() => onFlag(flag)} data-testid={`flag-${flag}`}>
            <span>
              <b>{title}</b>
              <Text span display="block" size="xs" c="dimmed">
                {about}
              </Text>
            </span>
            <Kbd size="xs">{key}</Kbd>
          </UnstyledButton>
        ))}
      </Popover.Dropdown>
    </Popover>
  );
}
