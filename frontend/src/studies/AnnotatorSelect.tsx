import { Group, MultiSelect, Text } from "@mantine/core";
import type { Account, Member } from "../api/types";

interface Props {
  users: readonly Account[];
  members: readonly Member[];
  value: string[];
  onChange: (ids: string[]) => void;
  label: string;
  /** Ids that cannot be chosen: they take part already. */
  without?: readonly string[];
  disabled?: boolean;
}

/** Chooses people by name: the project's members first, then everybody else. */
export function AnnotatorSelect({ users, members, value, onChange, label, without = [], disabled = false }: Props) {
  const here = new Set(members.map(({ user_id }) => user_id));
  const all = users.filter(({ id, active }) => active && !without.includes(id));
  const known = new Map(all.map((user) => [user.id, user]));
  const item = ({ id, name, username }: Account) => ({
    value: id,
    label: name === username ? name : `${name} (${username})`,
  });
  const groups = [
    { group: "Members of this project", items: all.filter(({ id }) => here.has(id)).map(item) },
    { group: "Others", items: all.filter(({ id }) => !here.has(id)).map(item) },
  ];
  return (
    <MultiSelect
      aria-label={label}
      placeholder={value.length === 0 ? "Name or username" : ""}
      data={groups.filter(({ items }) => items.length > 0)}
      searchable
      clearable
      hidePickedOptions
      renderOption={({ option }) => (
        <Group justify="space-between" wrap="nowrap" flex={1}>
          <Text size="sm" truncate>
            {option.label}
          </Text>
          <Text size="xs" c="dimmed" style={{ flex: "none" }}>
            {known.get(option.value)?.simulated ? "program" : known.get(option.value)?.role}
          </Text>
        </Group>
      )}
      nothingFoundMessage="No such account"
      comboboxProps={{ withinPortal: false }}
      value={value}
      onChange={onChange}
      disabled={disabled}
      clearButtonProps={{ "aria-label": "Choose nobody" }}
    />
  );
}
