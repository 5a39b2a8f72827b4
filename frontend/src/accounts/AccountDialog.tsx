import { Button, Group, Modal, Select, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { createUser, updateUser } from "../api/endpoints";
import { queries } from "../api/queries";
import type { Account, Role } from "../api/types";
import { InlineError } from "../components/states";
import { PasswordField } from "./PasswordField";
import { suggestPassword } from "./password";
import { ROLES } from "./roles";

const USERNAME = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$/;

/** Makes an account. */
export function CreateAccountDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title="New account" size="lg">
      {opened && <CreateAccountForm onClose={onClose} />}
    </Modal>
  );
}

function CreateAccountForm({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const form = useForm({
    initialValues: { username: "", name: "", role: "annotator" as Role, password: suggestPassword() },
    validate: {
      username: (value) => (USERNAME.test(value.trim()) ? null : "Letters, digits and . _ @ + - only, at most 64"),
      name: (value) => (value.trim() ? null : "A name that others recognise"),
      password: (value) => (value.length >= 8 ? null : "At least 8 characters"),
    },
  });
  const create = useMutation({
    mutationFn: createUser,
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: queries.users().queryKey });
      onClose();
    },
  });
  return (
    <form onSubmit={form.onSubmit((values) => create.mutate({ ...values, username: values.username.trim() }))}>
      <Stack>
        <Group grow align="flex-start">
          <TextInput
            label="Username"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            required
            data-autofocus
            {...form.getInputProps("username")}
          />
          <TextInput label="Name" autoComplete="off" required {...form.getInputProps("name")} />
        </Group>
        <Select
          label="Role"
          data={ROLES.map(({ value, label, may }) => ({ value, label: `${label}: ${may}` }))}
          allowDeselect={false}
          required
          {...form.getInputProps("role")}
        />
        <PasswordField
          value={form.values.password}
          onChange={(value) => form.setFieldValue("password", value)}
          error={form.errors.password}
        />
        <InlineError error={create.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending}>
            Create account
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Changes name and role, or sets a new password. */
export function EditAccountDialog({ account, onClose }: { account: Account | null; onClose: () => void }) {
  return (
    <Modal opened={account !== null} onClose={onClose} title={account ? `Account ${account.username}` : ""} size="lg">
      {account && <EditAccountForm key={account.id} account={account} onClose={onClose} />}
    </Modal>
  );
}

function EditAccountForm({ account, onClose }: { account: Account; onClose: () => void }) {
  const client = useQueryClient();
  const form = useForm({
    initialValues: { name: account.name, role: account.role, password: "" },
    validate: {
      name: (value) => (value.trim() ? null : "A name that others recognise"),
      password: (value) => (value === "" || value.length >= 8 ? null : "At least 8 characters"),
    },
  });
  const update = useMutation({
    mutationFn: ({ password, ...values }: typeof form.values) =>
      updateUser(account.id, password ? { ...values, password } : values),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: queries.users().queryKey });
      onClose();
    },
  });
  const setting = form.values.password !== "";
  return (
    <form onSubmit={form.onSubmit((values) => update.mutate(values))}>
      <Stack>
        <TextInput label="Name" autoComplete="off" required data-autofocus {...form.getInputProps("name")} />
        <Select
          label="Role"
          data={ROLES.map(({ value, label, may }) => ({ value, label: `${label}: ${may}` }))}
          allowDeselect={false}
          required
          {...form.getInputProps("role")}
        />
        {setting || form.errors.password ? (
          <PasswordField
            value={form.values.password}
            onChange={(value) => form.setFieldValue("password", value)}
            error={form.errors.password}
          />
        ) : (
          <Button variant="default" w="fit-content" onClick={() => form.setFieldValue("password", suggestPassword())}>
            Set a new password
          </Button>
        )}
        <InlineError error={update.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={update.isPending}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
