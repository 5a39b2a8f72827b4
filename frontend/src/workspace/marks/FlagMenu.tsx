import { Button, Kbd, Menu } from "@mantine/core";
import { IconFlag3 } from "@tabler/icons-react";
import type { KeyboardEvent } from "react";
import type { Flag } from "@/api/types";

export const FLAGS: readonly { flag: Flag; key: string; title: string; about: string }[] = [
  { flag: "occluded", key: "O", title: "Occluded", about: "Something else covers the body here" },
  { flag: "ambiguous", key: "A", title: "Ambiguous", about: "It could be several places" },
  { flag: "wrong_part", key: "P", title: "Wrong part", about: "The point is not on this part" },
  { flag: "outside", key: "X", title: "Outside", about: "The point is not on the person" },
];

interface Props {
  opened: boolean;
  onChange: (opened: boolean) => void;
  current: Flag | null;
  onFlag: (flag: Flag) => void;
}

/** Why a point gets no mark. F opens it, a letter chooses. */
export function FlagMenu({ opened, onChange, current, onFlag }: Props) {
  const press = (event: KeyboardEvent) => {
    const chosen = FLAGS.find(({ key }) => key === event.key.toUpperCase());
    if (!chosen || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    onChange(false);
    onFlag(chosen.flag);
  };
  return (
    <Menu opened={opened} onChange={onChange} position="bottom-end" width={290} shadow="md" returnFocus={false}>
      <Menu.Target>
        <Button
          size="xs"
          variant={current ? "light" : "default"}
          leftSection={<IconFlag3 size={15} />}
          rightSection={<Kbd size="xs">F</Kbd>}
          data-testid="flag"
        >
          {FLAGS.find(({ flag }) => flag === current)?.title ?? "Flag"}
        </Button>
      </Menu.Target>
      <Menu.Dropdown onKeyDown={press}>
        <Menu.Label>No mark, because this point is</Menu.Label>
        {FLAGS.map(({ flag, key, title, about }) => (
          <Menu.Item
            key={flag}
            onClick={() => onFlag(flag)}
            rightSection={<Kbd size="xs">{key}</Kbd>}
            data-testid={`flag-${flag}`}
          >
            <b>{title}</b>
            <br />
            <small>{about}</small>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
