import {
  Anchor,
  Badge,
  Button,
  CopyButton,
  Group,
  Modal,
  Paper,
  Progress,
  SimpleGrid,
  Stack,
  Table,
  Text,
  Title,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { IconCheck, IconLink, IconUserPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { messageOf } from "../api/error";
import { queries, useProject } from "../api/queries";
import { ConfirmDialog } from "../components/ConfirmDialog";
import { count, Meter, percent } from "../components/Meter";
import { Page } from "../components/Page";
import { ErrorState, InlineError, LoadingState } from "../components/states";
import { partsOf } from "../parts";
import { AnnotatorSelect } from "../studies/AnnotatorSelect";
import { addAnnotators, closeStudy, openStudy } from "../studies/api";
import { ago, duration, persons } from "../studies/format";
import { studyQueries } from "../studies/queries";
import { ReportPanel } from "../studies/ReportPanel";
import { StateBadge } from "../studies/StateBadge";
import type { AnnotatorProgress, Study } from "../studies/types";

/** One study: who is how far, and its report. */
export default function StudyPage() {
  const { studyId = "" } = useParams();
  const study = useQuery(studyQueries.study(studyId));
  if (study.data) return <Loaded study={study.data} />;
  if (study.isError) return <ErrorState page error={study.error} retry={() => study.refetch()} />;
  return <LoadingState label="Loading the study" />;
}

function Loaded({ study }: { study: Study }) {
  const project = useProject(study.project_id);
  const progress = useQuery(studyQueries.progress(study.id));
  const manage = project.data?.can.manage ?? false;
  const items = progress.data?.annotators ?? [];
  const done = items.reduce((sum, each) => sum + each.done, 0);
  const total = items.reduce((sum, each) => sum + each.total, 0);
  return (
    <Page title={study.name}>
      <Group justify="space-between" align="flex-start" mb="lg">
        <Stack gap={2}>
          <Anchor component={Link} to={`/projects/${study.project_id}/accuracy`} size="sm" w="fit-content">
            {project.data ? `${project.data.name}, accuracy` : "Accuracy studies"}
          </Anchor>
          <Group gap="sm">
            <Title order={1}>{study.name}</Title>
            <StateBadge state={study.state} />
          </Group>
          <SetUp study={study} />
          {study.description && (
            <Text c="dimmed" maw={720} style={{ whiteSpace: "pre-line" }}>
              {study.description}
            </Text>
          )}
        </Stack>
        {manage && <OpenOrClose study={study} left={progress.data ? total - done : null} />}
      </Group>
      <Stack gap="xl">
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
          <Paper bg="var(--dm-surface)" p="lg">
            <Stack gap="sm">
              <Title order={2}>Progress</Title>
              {progress.isPending && (
                <Text size="sm" c="dimmed" role="status">
                  Loading how far the study is …
                </Text>
              )}
              {progress.isError && !progress.data && (
                <Text size="sm" c="dimmed">
                  How far it is could not be loaded.
                </Text>
              )}
              {progress.data && <Meter label="Persons handed in" value={done} of={total} />}
              {progress.data && study.practice > 0 && (
                <Meter
                  label="Practice"
                  value={items.reduce((sum, each) => sum + each.practice_done, 0)}
                  of={items.reduce((sum, each) => sum + each.practice, 0)}
                />
              )}
              <Text size="sm" c="dimmed">
                {stateText(study)}
              </Text>
            </Stack>
          </Paper>
          <ReportPanel study={study} progress={progress.data} manage={manage} />
        </SimpleGrid>
        <section>
          <Group justify="space-between" mb="sm">
            <Title order={2}>Annotators</Title>
            {manage && (
              <Group gap="sm">
                <CopyLink studyId={study.id} />
                {study.state !== "closed" && <AddAnnotators study={study} />}
              </Group>
            )}
          </Group>
          <Paper bg="var(--dm-surface)" style={{ overflow: "hidden" }}>
            {progress.isPending && <LoadingState label="Loading who is how far" />}
            {progress.isError && items.length === 0 && (
              <ErrorState error={progress.error} retry={() => progress.refetch()} />
            )}
            {items.length > 0 && <ProgressTable items={items} drawn={study.masks === "drawn"} />}
          </Paper>
        </section>
      </Stack>
    </Page>
  );
}

function stateText(study: Study): string {
  if (study.state === "draft") return "The annotators see it once it is open.";
  if (study.state === "open") return "Annotators find it on their start page and may stop and go on at any time.";
  return "Nothing can be marked any more; the report stays.";
}

/** What was chosen when the study was made, in one line. */
function SetUp({ study }: { study: Study }) {
  const body = useQuery(queries.body(study.body.hash));
  const parts = body.data ? partsOf(body.data) : null;
  const names = study.parts && parts ? study.parts.map((label) => parts.name(label).toLowerCase()).join(", ") : null;
  const said = [
    persons(study.persons),
    study.parts ? `parts: ${names ?? study.parts.length}` : "all parts",
    `up to ${study.points_per_part} ${study.points_per_part === 1 ? "point" : "points"} a part`,
    `masks ${study.masks}`,
    study.practice > 0 ? `${study.practice} for practice` : "no practice",
    ...(study.again > 0 ? [`${study.again} shown twice`] : []),
  ];
  return (
    <Text size="sm" c="dimmed" maw={760}>
      {said.join(" · ")}
    </Text>
  );
}

/** `left`: showings that are not handed in; null while that is not known. */
function OpenOrClose({ study, left }: { study: Study; left: number | null }) {
  const client = useQueryClient();
  const [asking, dialog] = useDisclosure(false);
  const change = useMutation({
    mutationFn: () => (study.state === "open" ? closeStudy(study.id) : openStudy(study.id)),
    onSuccess: (now) => {
      client.setQueryData(studyQueries.study(study.id).queryKey, now);
      void client.invalidateQueries({ queryKey: ["projects", study.project_id, "studies"] });
      dialog.close();
    },
  });
  const opens = study.state !== "open";
  return (
    <>
      <Button variant={opens ? "filled" : "default"} onClick={dialog.open}>
        {study.state === "draft" ? "Open the study" : opens ? "Open again" : "Close the study"}
      </Button>
      {opens ? (
        <Modal opened={asking} onClose={dialog.close} title={`Open “${study.name}”?`}>
          <Stack>
            <Text size="sm">
              {study.annotators.length === 1 ? "The annotator finds" : `The ${study.annotators.length} annotators find`}{" "}
              it on the start page at once. Persons and points stay as they are from now on.
            </Text>
            <InlineError error={change.error} />
            <Group justify="flex-end">
              <Button variant="default" onClick={dialog.close}>
                Cancel
              </Button>
              <Button loading={change.isPending} onClick={() => change.mutate()} data-autofocus>
                Open
              </Button>
            </Group>
          </Stack>
        </Modal>
      ) : (
        <ConfirmDialog
          opened={asking}
          title={`Close “${study.name}”?`}
          action="Close the study"
          busy={change.isPending}
          error={change.error}
          onConfirm={() => change.mutate()}
          onClose={dialog.close}
        >
          {left === null
            ? "Annotators cannot go on with what is not handed in. You can open the study again."
            : left > 0
              ? `${count(left)} of the persons given out are not handed in; annotators cannot go on with them. You can open the study again.`
              : "Everything is handed in. You can open the study again."}
        </ConfirmDialog>
      )}
    </>
  );
}

function CopyLink({ studyId }: { studyId: string }) {
  return (
    <CopyButton value={`${window.location.origin}/studies/${studyId}/work`} timeout={2500}>
      {({ copied, copy }) => (
        <Button
          size="xs"
          variant="default"
          onClick={copy}
          leftSection={copied ? <IconCheck size={16} /> : <IconLink size={16} />}
        >
          {copied ? "Copied" : "Copy link for annotators"}
        </Button>
      )}
    </CopyButton>
  );
}

function AddAnnotators({ study }: { study: Study }) {
  const client = useQueryClient();
  const [opened, dialog] = useDisclosure(false);
  const [chosen, setChosen] = useState<string[]>([]);
  const users = useQuery({ ...queries.users(), enabled: opened });
  const members = useQuery({ ...queries.members(study.project_id), enabled: opened });
  const there = study.annotators.map(({ user_id }) => user_id);
  const add = useMutation({
    mutationFn: () => addAnnotators(study.id, chosen),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["studies", study.id] });
      notifications.show({
        message: chosen.length === 1 ? "One annotator added." : `${chosen.length} annotators added.`,
      });
      setChosen([]);
      dialog.close();
    },
  });
  return (
    <>
      <Button size="xs" variant="default" leftSection={<IconUserPlus size={16} />} onClick={dialog.open}>
        Add annotators
      </Button>
      <Modal opened={opened} onClose={dialog.close} title="Add annotators" styles={{ body: { overflow: "visible" } }}>
        <Stack>
          <Text size="sm" c="dimmed">
            They get the same persons and points as the others, in an order of their own.
          </Text>
          <AnnotatorSelect
            label="Annotators"
            users={users.data ?? []}
            members={members.data ?? []}
            value={chosen}
            onChange={setChosen}
            without={there}
            disabled={users.isPending}
          />
          {(users.error || members.error || add.error) && (
            <Text size="sm" c="var(--mantine-color-error)" role="alert">
              {messageOf(users.error ?? members.error ?? add.error)}
            </Text>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={dialog.close}>
              Cancel
            </Button>
            <Button disabled={chosen.length === 0} loading={add.isPending} onClick={() => add.mutate()}>
              Add
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}

function ProgressTable({ items, drawn }: { items: readonly AnnotatorProgress[]; drawn: boolean }) {
  return (
    <Table verticalSpacing="sm" horizontalSpacing="lg">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Name</Table.Th>
          <Table.Th w="34%">Handed in</Table.Th>
          <Table.Th>Practice</Table.Th>
          <Table.Th ta="right">{drawn ? "Time per person" : "Time per point"}</Table.Th>
          <Table.Th ta="right">Time in all</Table.Th>
          <Table.Th ta="right">Last seen</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody className="numbers">
        {items.map((each) => (
          <ProgressRow key={each.user_id} of={each} drawn={drawn} />
        ))}
      </Table.Tbody>
    </Table>
  );
}

function ProgressRow({ of, drawn }: { of: AnnotatorProgress; drawn: boolean }) {
  const { name, username, simulated, done, total, practice_done, practice, seconds, last_seen } = of;
  const share = percent(done, total);
  return (
    <Table.Tr>
      <Table.Td fw={530}>
        <Group gap="xs" wrap="nowrap">
          {name}
          {username !== name && (
            <Text span size="sm" c="dimmed" fw={400}>
              {username}
            </Text>
          )}
          {simulated && (
            <Badge size="sm" variant="default" tt="none" radius="sm" fw={500} style={{ flex: "none" }}>
              simulated
            </Badge>
          )}
        </Group>
      </Table.Td>
      <Table.Td>
        <Group gap="sm" wrap="nowrap">
          <Progress.Root size={6} flex={1}>
            <Progress.Section
              value={share}
              color={share === 100 ? "var(--dm-good)" : "accent"}
              aria-label={`${name}: ${done} of ${total} handed in`}
            />
          </Progress.Root>
          <Text size="sm" c="dimmed" miw={64} ta="right">
            {count(done)} of {count(total)}
          </Text>
        </Group>
      </Table.Td>
      <Table.Td>{practice === 0 ? "–" : `${practice_done} of ${practice}`}</Table.Td>
      <Table.Td ta="right">{paceText(of, drawn)}</Table.Td>
      <Table.Td ta="right">{seconds > 0 ? duration(seconds) : "–"}</Table.Td>
      <Table.Td ta="right">{last_seen ? ago(last_seen) : "not yet"}</Table.Td>
    </Table.Tr>
  );
}

/** Where masks are drawn, painting is most of the work: the time is told for a person, not for a point. */
function paceText({ seconds, marks, done }: AnnotatorProgress, drawn: boolean): string {
  if (drawn) return done > 0 ? duration(seconds / done) : "–";
  return marks > 0 ? `${(seconds / marks).toFixed(1)} s` : "–";
}
