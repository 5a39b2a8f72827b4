import {
  Avatar,
  Button,
  Group,
  type MantineColorScheme,
  Menu,
  Modal,
  PasswordInput,
  Stack,
  Text,
  useMantineColorScheme,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { IconKeyboard, IconLock, IconLogout } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { changePassword } from "../api/endpoints";
import { useMe } from "../api/queries";
import { useHelp } from "./help";
import { leave } from "./session";
import { InlineError } from "./states";

const SCHEMES = [
  { value: "auto", label: "As the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
] as const;

/** Colour scheme, keyboard help, password, sign out. */
export function AccountMenu() {
  const { user, version } = useMe();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const help = useHelp();
  const [passwordOpen, password] = useDisclosure(false);
  return (
    <>
      <Menu position="bottom-end" width={240}>
        <Menu.Target>
          <Button variant="subtle" color="gray" size="compact-md" px={6} aria-label={`Account of ${user.name}`}>
            <Group gap={8} wrap="nowrap">
              <Avatar size={26} color="accent" variant="light" name={user.name} alt="" />
              <Text size="sm" c="bright" visibleFrom="sm">
                {user.name}
              </Text>
            </Group>
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            {user.username}, {user.role}
          </Menu.Label>
          <Menu.Item leftSection={<IconLock size={16} />} onClick={password.open}>
            Change password
          </Menu.Item>
          <Menu.Item
            leftSection={<IconKeyboard size={16} />}
            rightSection={<Text size="xs">?</Text>}
            onClick={help.open}
          >
            Keyboard help
          </Menu.Item>
          <Menu.Divider />
          <Menu.Label>Colours</Menu.Label>
          <Menu.RadioGroup value={colorScheme} onChange={(value) => setColorScheme(value as MantineColorScheme)}>
            {SCHEMES.map(({ value, label }) => (
              <Menu.RadioItem key={value} value={value} closeMenuOnClick={false}>
                {label}
              </Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
          <Menu.Divider />
          <Menu.Item leftSection={<IconLogout size={16} />} onClick={leave}>
            Sign out
          </Menu.Item>
          <Menu.Label>DenseMark {version}</Menu.Label>
        </Menu.Dropdown>
      </Menu>
      <PasswordDialog opened={passwordOpen} onClose={password.close} />
    </>
  );
}

function PasswordDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const form = useForm({
    initialValues: { current: "", next: "", again: "" },
    validate: {
      next: (value) => (value.length < 8 ? "At least 8 characters" : null),
      again: (value, { next }) => (value === next ? null : "Not the same as above"),
    },
  });
  const change = useMutation({
    mutationFn: ({ current, next }: { current: string; next: string }) => changePassword(current, next),
    onSuccess: () => {
      close();
      notifications.show({ message: "Password changed." });
    },
  });
  const close = () => {
    form.reset();
    change.reset();
    onClose();
  };
  return (
    <Modal opened={opened} onClose={close} title="Change password">
      <form onSubmit={form.onSubmit((values) => change.mutate(values))}>
        <Stack>
          <PasswordInput
            label="Current password"
            autoComplete="current-password"
            data-autofocus
            required
            {...form.getInputProps("current")}
          />
          <PasswordInput
            label="New password"
            description="At least 8 characters"
            autoComplete="new-password"
            required
            {...form.getInputProps("next")}
          />
          <PasswordInput
            label="New password again"
            autoComplete="new-password"
            required
            {...form.getInputProps("again")}
          />
          <InlineError error={change.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={change.isPending}>
              Change password
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
