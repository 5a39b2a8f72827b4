import { Button, Group, Paper, Select, Stack, Table, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconUsers } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { roleName, seesAllProjects } from "../accounts/roles";
import { addMember, removeMember } from "../api/endpoints";
import { messageOf } from "../api/error";
import { queries, useMe } from "../api/queries";
import type { Member, Project } from "../api/types";
import { Restricted } from "../components/Restricted";
import { EmptyState, ErrorState, LoadingState } from "../components/states";
import { useCurrentProject } from "./ProjectLayout";

export default function PeoplePage() {
  const project = useCurrentProject();
  if (project.can.manage) return <Team project={project} />;
  return (
    <Restricted
      title="Only project leads and administrators manage the team"
      to={`/projects/${project.id}`}
      back="Go to the overview"
    />
  );
}

function Team({ project }: { project: Project }) {
  const members = useQuery(queries.members(project.id));
  return (
    <Stack gap="lg">
      <Stack gap={4}>
        <Title order={2}>Who works here</Title>
        <Text c="dimmed" maw={640}>
          Annotators and reviewers see only the projects they are added to. Leads, engineers and administrators see
          every project; an engineer who is added here can annotate as well.
        </Text>
      </Stack>
      <AddMember projectId={project.id} members={members.data ?? []} />
      {members.isPending && <LoadingState label="Loading the team" />}
      {members.isError && !members.data && <ErrorState error={members.error} retry={() => members.refetch()} />}
      {members.data && (
        <Paper bg="var(--dm-surface)" style={{ overflow: "hidden" }}>
          {members.data.length === 0 ? (
            <EmptyState icon={<IconUsers size={32} stroke={1.4} />} title="Nobody yet">
              Choose someone above; they can start at once.
            </EmptyState>
          ) : (
            <MemberTable projectId={project.id} members={members.data} />
          )}
        </Paper>
      )}
    </Stack>
  );
}

function AddMember({ projectId, members }: { projectId: string; members: Member[] }) {
  const { user } = useMe();
  const client = useQueryClient();
  const users = useQuery(queries.users());
  const [chosen, setChosen] = useState<string | null>(null);
  const add = useMutation({
    mutationFn: (id: string) => addMember(projectId, id),
    onSuccess: () => client.invalidateQueries({ queryKey: queries.members(projectId).queryKey }),
    onError: (error) => notifications.show({ color: "red", message: messageOf(error) }),
  });
  const here = new Set(members.map((member) => member.user_id));
  const others = (users.data ?? []).filter(
    (account) =>
      account.active && !here.has(account.id) && (account.role === "engineer" || !seesAllProjects(account.role)),
  );
  return (
    <Group align="flex-end" gap="sm">
      <Select
        label="Add to the project"
        placeholder={others.length > 0 ? "Name or username" : "Everyone is in it already"}
        data={others.map(({ id, name, username, role }) => ({ value: id, label: `${name} (${username}), ${role}` }))}
        searchable
        comboboxProps={{ withinPortal: false }}
        clearable
        nothingFoundMessage={
          user.role === "admin"
            ? "No such account. Make one under Accounts."
            : "No such account. An administrator can make one."
        }
        w={360}
        value={chosen}
        onChange={setChosen}
        disabled={users.isPending}
        error={users.isError ? messageOf(users.error) : undefined}
      />
      <Button
        disabled={!chosen}
        loading={add.isPending}
        onClick={() => {
          if (chosen) add.mutate(chosen, { onSuccess: () => setChosen(null) });
        }}
      >
        Add
      </Button>
    </Group>
  );
}

function MemberTable({ projectId, members }: { projectId: string; members: Member[] }) {
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: queries.members(projectId).queryKey });
  const onError = (error: unknown) => notifications.show({ color: "red", message: messageOf(error) });
  const undo = useMutation({ mutationFn: (id: string) => addMember(projectId, id), onSuccess: refresh, onError });
  const remove = useMutation({
    mutationFn: (member: Member) => removeMember(projectId, member.user_id),
    onSuccess: (_, member) => {
      void refresh();
      const id = notifications.show({
        message: (
          <Group justify="space-between">
            <Text size="sm">{member.name} was removed. What they made stays.</Text>
            <Button
              size="compact-sm"
              variant="default"
              onClick={() => {
                undo.mutate(member.user_id);
                notifications.hide(id);
              }}
            >
              Undo
            </Button>
          </Group>
        ),
        autoClose: 10_000,
      });
    },
    onError,
  });
  return (
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
        {members.map((member) => (
          <Table.Tr key={member.user_id}>
            <Table.Td fw={530}>{member.name}</Table.Td>
            <Table.Td>{member.username}</Table.Td>
            <Table.Td>{roleName(member.role)}</Table.Td>
            <Table.Td ta="right">
              <Button
                variant="default"
                size="xs"
                aria-label={`Remove ${member.name}`}
                loading={remove.isPending && remove.variables?.user_id === member.user_id}
                onClick={() => remove.mutate(member)}
              >
                Remove
              </Button>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
