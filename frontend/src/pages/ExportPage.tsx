import { Anchor, Button, Group, List, Paper, Radio, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Link } from "react-router";
import { type ExportFormat, getPersons, thumbnailUrl } from "../api/endpoints";
import type { PersonState, Project } from "../api/types";
import { count } from "../components/Meter";
import { Restricted } from "../components/Restricted";
import { ErrorState, InlineError } from "../components/states";
import { BodyChoice } from "../datasets/BodyChoice";
import { Command } from "../datasets/Command";
import { FORMATS, USUAL } from "../datasets/formats";
import { exportCommand } from "../datasets/shell";
import { saveBlob } from "../lib/download";
import classes from "../projects/export.module.css";
import { exportWhenReady } from "../projects/exportWhenReady";
import { persons as personsWords } from "../studies/format";
import { useCurrentProject } from "./ProjectLayout";

/** The work of a project as it is now, as a dataset file. */
export default function ExportPage() {
  const project = useCurrentProject();
  if (project.can.export) return <Export project={project} />;
  return (
    <Restricted
      title="Only project leads, engineers and administrators export"
      to={`/projects/${project.id}`}
      back="Go to the overview"
    />
  );
}

function Export({ project }: { project: Project }) {
  const [format, setFormat] = useState<ExportFormat>(USUAL);
  const [body, setBody] = useState(project.body.hash);
  const transferred = body !== project.body.hash;
  const [waiting, setWaiting] = useState("");
  const leaving = useRef<AbortController>(null);
  const download = useMutation({
    mutationFn: () => {
      leaving.current = new AbortController();
      const { signal } = leaving.current;
      return exportWhenReady(project.id, format, transferred ? body : undefined, signal, setWaiting);
    },
    onSuccess: ({ file, name }) => saveBlob(file, name),
    onSettled: () => setWaiting(""),
  });
  useEffect(() => () => leaving.current?.abort(), []);
  const { persons, masks_done, points_done } = project.progress;
  return (
    <Stack gap="lg">
      <Stack gap={2}>
        <Anchor component={Link} to={`/projects/${project.id}/datasets`} size="sm" w="fit-content">
          Snapshots
        </Anchor>
        <Title order={2}>The work as it is now</Title>
        <Text c="dimmed" maw={640}>
          For a look at what there is. What is trained on should be a snapshot: it can be had again, unchanged.
        </Text>
      </Stack>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg" style={{ alignItems: "start" }}>
        <Paper bg="var(--dm-surface)" p="xl">
          <Stack gap="md" align="flex-start">
            <Radio.Group
              label={
                <Title order={3} component="span" size="h2" c="bright">
                  Format
                </Title>
              }
              value={format}
              onChange={(value) => setFormat(value as ExportFormat)}
            >
              <Stack mt="sm">
                {FORMATS.map(({ value, label, text }) => (
                  <Radio key={value} value={value} label={label} description={text} />
                ))}
              </Stack>
            </Radio.Group>
            <BodyChoice own={project.body} value={body} onChange={setBody} label="Body">
              The marks were made on another body. They are transferred to this one, and the file says so; the first
              transfer takes about half a minute.
            </BodyChoice>
            {waiting && (
              <Text size="sm" c="dimmed" role="status">
                {waiting}. The download begins by itself when it is ready.
              </Text>
            )}
            <InlineError error={download.error} />
            <Button
              size="md"
              leftSection={<IconDownload size={20} />}
              loading={download.isPending}
              disabled={persons === 0}
              onClick={() => download.mutate()}
            >
              Download
            </Button>
            <div style={{ width: "100%" }}>
              <Text size="xs" c="dimmed" mb={4}>
                The same in the server's shell, with the photos by{" "}
                <code style={{ whiteSpace: "nowrap" }}>--images</code>
              </Text>
              <Command>{exportCommand(project.name, null, format, transferred ? body : undefined)}</Command>
            </div>
          </Stack>
        </Paper>
        <Paper bg="var(--dm-surface)" p="xl">
          <Title order={3} size="h2" mb="sm">
            What will be in it
          </Title>
          <List spacing={6} listStyleType="none" withPadding={false}>
            <Tally n={points_done} strong>
              finished persons, with part masks and points
            </Tally>
            <Tally n={masks_done - points_done}>boxes only: their points are being marked</Tally>
            <Tally n={persons - masks_done}>boxes only: their masks are not submitted</Tally>
          </List>
          {persons === 0 && (
            <Text size="sm" mt="md">
              There is nobody to export yet.{" "}
              <Anchor component={Link} to={`/projects/${project.id}`} size="sm" underline="always">
                See the overview
              </Anchor>
            </Text>
          )}
          {persons > points_done && (
            <Text size="sm" mt="md">
              Persons who are not finished stand in the file without DensePose data, which readers take as not
              annotated.
            </Text>
          )}
        </Paper>
      </SimpleGrid>
      {persons > points_done && (
        <section>
          <Title order={3} size="h2" mb="xs">
            Not ready
          </Title>
          <Stack gap="lg">
            <NotReady projectId={project.id} state="points" label="Points being marked" />
            <NotReady projectId={project.id} state="mask" label="Mask begun" />
            <NotReady projectId={project.id} state="new" label="Not begun" />
          </Stack>
        </section>
      )}
    </Stack>
  );
}

function Tally({ n, strong = false, children }: { n: number; strong?: boolean; children: React.ReactNode }) {
  return (
    <List.Item>
      <Group gap="sm" wrap="nowrap" align="baseline">
        <Text fw={620} miw={36} className="numbers" c={strong ? "bright" : "dimmed"}>
          {count(n)}
        </Text>
        <Text c={strong ? "bright" : "dimmed"}>{children}</Text>
      </Group>
    </List.Item>
  );
}

const SHOWN = 100;

/** The images of the first persons in a state. */
function NotReady({ projectId, state, label }: { projectId: string; state: PersonState; label: string }) {
  const persons = useQuery({
    queryKey: ["projects", projectId, "persons", state],
    queryFn: ({ signal }) => getPersons(projectId, state, SHOWN, { signal }),
  });
  if (persons.isError) return <ErrorState error={persons.error} retry={() => persons.refetch()} />;
  if (!persons.data || persons.data.items.length === 0) return null;
  const byImage = Map.groupBy(persons.data.items, (person) => person.image_id);
  return (
    <div>
      <Text size="sm" c="dimmed" mb={8}>
        {label}
        {persons.data.next !== null && ` (the first ${SHOWN})`}
      </Text>
      <ul className={classes.strip}>
        {[...byImage].map(([imageId, people]) => (
          <li key={imageId}>
            <Link to={`/projects/${projectId}/images/${imageId}?person=${people[0]?.id}`}>
              <img src={thumbnailUrl(imageId, 128)} alt="" loading="lazy" />
              {personsWords(people.length)}
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}
