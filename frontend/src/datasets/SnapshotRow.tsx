import { Anchor, Group, Paper, SimpleGrid, Stack, Text } from "@mantine/core";
import { Link } from "react-router";
import { count } from "../components/Meter";
import { JobError } from "../jobs/JobError";
import { JobProgress } from "../jobs/JobProgress";
import projectClasses from "../projects/projects.module.css";
import { when } from "../studies/format";
import { formatBytes } from "../uploads/files";
import { AffectedBadge, Hash, SnapshotBadge } from "./badges";
import classes from "./datasets.module.css";
import { SplitBar, SplitDot } from "./SplitBar";
import type { Snapshot } from "./types";
import { useMaking } from "./useMaking";
import { withdrawnWords } from "./words";

/** A snapshot in the list: what it is of, and what is in it. */
export function SnapshotRow({ snapshot }: { snapshot: Snapshot }) {
  const job = useMaking(snapshot);
  const { id, name, state, as_of, body, hash } = snapshot;
  return (
    <Paper component="li" className={projectClasses.row} bg="var(--dm-surface)" data-testid="snapshot">
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xl" p="lg">
        <Stack gap={4} align="flex-start">
          <Group gap="sm">
            <Anchor component={Link} to={`/snapshots/${id}`} className={projectClasses.rowLink} c="bright" fw={600}>
              {name}
            </Anchor>
            <SnapshotBadge state={state} />
            <AffectedBadge snapshot={snapshot} />
          </Group>
          <Text size="sm" c="dimmed" className="numbers">
            The work as of {when(as_of)}, on the body {body.name}
          </Text>
          {hash && (
            <Text size="sm" c="dimmed" component="div" className={classes.above}>
              <Hash value={hash} label={`Copy the hash of ${name}`} />
            </Text>
          )}
        </Stack>
        <Stack gap={6} className={state === "making" ? classes.above : undefined}>
          {state === "making" && (job ? <JobProgress job={job} /> : <Text size="sm">Waiting for its turn</Text>)}
          {state === "failed" && <JobError reason={snapshot.error} />}
          {state === "ready" && <Inside snapshot={snapshot} />}
        </Stack>
      </SimpleGrid>
    </Paper>
  );
}

function Inside({ snapshot }: { snapshot: Snapshot }) {
  const { counts, splits, bytes } = snapshot;
  if (!counts) return null;
  const named = splits.filter(({ name }) => name !== "");
  return (
    <>
      <Text size="sm" className="numbers">
        <Text span fw={600} c="bright">
          {count(counts.annotated)}
        </Text>{" "}
        {counts.annotated === 1 ? "person" : "persons"} with{" "}
        <Text span fw={600} c="bright">
          {count(counts.points)}
        </Text>{" "}
        points in {count(counts.images)} {counts.images === 1 ? "photo" : "photos"}
        {bytes !== null && <Text span c="dimmed">{`, ${formatBytes(bytes)}`}</Text>}
      </Text>
      {snapshot.withdrawn > 0 && (
        <Text size="sm" c="var(--mantine-color-error)" className="numbers">
          {withdrawnWords(snapshot)}
        </Text>
      )}
      {named.length > 0 && (
        <>
          <SplitBar pieces={named.map(({ name, images }) => ({ name, value: images }))} of={counts.images} />
          <Group gap="md">
            {named.map(({ name, images }, index) => (
              <Text key={name} size="sm" c="dimmed" className="numbers">
                <SplitDot index={index} /> {name} {count(images)}
              </Text>
            ))}
          </Group>
        </>
      )}
    </>
  );
}
