import { Badge, Button, Group, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconUserPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { CreateAccountDialog, EditAccountDialog } from "../accounts/AccountDialog";
import { roleName } from "../accounts/roles";
import { updateUser } from "../api/endpoints";
import { queries, useMe } from "../api/queries";
import type { Account } from "../api/types";
import { ConfirmDialog } from "../components/ConfirmDialog";
import { Page } from "../components/Page";
import { Restricted } from "../components/Restricted";
import { ErrorState, LoadingState } from "../components/states";

export default function UsersPage() {
  const { user } = useMe();
  if (user.role === "admin") return <Accounts />;
  return (
    <Page title="Accounts">
      <Restricted page title="Only administrators manage accounts" to="/projects" back="Go to the projects" />
    </Page>
  );
}

function Accounts() {
  const users = useQuery(queries.users());
  const [creating, create] = useDisclosure(false);
  const [edited, setEdited] = useState<Account | null>(null);
  const [switched, setSwitched] = useState<Account | null>(null);
  return (
    <Page title="Accounts">
      <Group justify="space-between" mb="lg">
        <Title order={1}>Accounts</Title>
        <Button leftSection={<IconUserPlus size={18} />} onClick={create.open}>
          New account
        </Button>
      </Group>
      {users.isPending && <LoadingState label="Loading accounts" />}
      {users.isError && !users.data && <ErrorState error={users.error} retry={() => users.refetch()} />}
      {users.data && (
        <Paper bg="var(--dm-surface)" style={{ overflow: "hidden" }}>
          <Table verticalSpacing="sm" horizontalSpacing="lg">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Name</Table.Th>
                <Table.Th>Username</Table.Th>
                <Table.Th>Role</Table.Th>
                <Table.Th>
                  <span className="visually-hidden">Actions</span>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {users.data.map((account) => (
                <AccountRow key={account.id} account={account} onEdit={setEdited} onSwitch={setSwitched} />
              ))}
            </Table.Tbody>
          </Table>
        </Paper>
      )}
      <CreateAccountDialog opened={creating} onClose={create.close} />
      <EditAccountDialog account={edited} onClose={() => setEdited(null)} />
      <SwitchDialog account={switched} onClose={() => setSwitched(null)} />
    </Page>
  );
}

function AccountRow(props: {
  account: Account;
  onEdit: (account: Account) => void;
  onSwitch: (account: Account) => void;
}) {
  const { account } = props;
  const { user } = useMe();
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap="xs">
          <Text fw={530} c={account.active ? "bright" : "dimmed"}>
            {account.name}
          </Text>
          {account.id === user.id && (
            <Badge variant="default" tt="none" fw={550}>
              You
            </Badge>
          )}
          {!account.active && (
            <Badge variant="default" c="dimmed" tt="none" fw={550}>
              Deactivated
            </Badge>
          )}
        </Group>
      </Table.Td>
      <Table.Td>{account.username}</Table.Td>
      <Table.Td>{roleName(account.role)}</Table.Td>
      <Table.Td>
        <Group gap="xs" justify="flex-end" wrap="nowrap">
          <Button variant="default" size="xs" aria-label={`Edit ${account.name}`} onClick={() => props.onEdit(account)}>
            Edit
          </Button>
          <Button
            variant="default"
            size="xs"
            disabled={account.id === user.id}
            aria-label={`${account.active ? "Deactivate" : "Activate"} ${account.name}`}
            onClick={() => props.onSwitch(account)}
          >
            {account.active ? "Deactivate" : "Activate"}
          </Button>
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}

function SwitchDialog({ account, onClose }: { account: Account | null; onClose: () => void }) {
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: (one: Account) => updateUser(one.id, { active: !one.active }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: queries.users().queryKey });
      onClose();
    },
  });
  const close = () => {
    change.reset();
    onClose();
  };
  return (
    <ConfirmDialog
      opened={account !== null}
      title={account?.active ? `Deactivate ${account.name}?` : `Activate ${account?.name}?`}
      action={account?.active ? "Deactivate" : "Activate"}
      busy={change.isPending}
      error={change.error}
      onConfirm={() => account && change.mutate(account)}
      onClose={close}
    >
      <Stack gap="xs">
        {account?.active
          ? "They are signed out everywhere and cannot sign in again until activated. Everything they made stays."
          : "They can sign in again with their old password and go on."}
      </Stack>
    </ConfirmDialog>
  );
}
