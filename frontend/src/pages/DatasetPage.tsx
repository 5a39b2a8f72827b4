import { Alert, Anchor, Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "react-router";
import { useProject } from "../api/queries";
import { ConfirmDialog } from "../components/ConfirmDialog";
import { Page } from "../components/Page";
import { ErrorState, LoadingState } from "../components/states";
import { deleteSnapshot } from "../datasets/api";
import { AffectedBadge, Hash, SnapshotBadge } from "../datasets/badges";
import { CardChosen, CardFiles, CardLicences } from "../datasets/CardChosen";
import { CardInside } from "../datasets/CardInside";
import { CardQuality } from "../datasets/CardQuality";
import { ComparePanel } from "../datasets/ComparePanel";
import { DownloadPanel } from "../datasets/DownloadPanel";
import classes from "../datasets/datasets.module.css";
import { datasetQueries } from "../datasets/queries";
import type { SnapshotDetail } from "../datasets/types";
import { useMaking } from "../datasets/useMaking";
import { withdrawnWords } from "../datasets/words";
import { JobError } from "../jobs/JobError";
import { JobProgress } from "../jobs/JobProgress";
import { when } from "../studies/format";

/** One snapshot: what is in it, and its files. */
export default function DatasetPage() {
  const { snapshotId = "" } = useParams();
  const snapshot = useQuery(datasetQueries.snapshot(snapshotId));
  if (snapshot.data) return <Loaded snapshot={snapshot.data} />;
  if (snapshot.isError) return <ErrorState page error={snapshot.error} retry={() => snapshot.refetch()} />;
  return <LoadingState label="Loading the snapshot" />;
}

function Loaded({ snapshot }: { snapshot: SnapshotDetail }) {
  const project = useProject(snapshot.project_id);
  const { name, state, as_of, body, hash, card } = snapshot;
  return (
    <Page title={name}>
      <Group justify="space-between" align="flex-start" mb="lg" wrap="nowrap">
        <Stack gap={2}>
          <Anchor component={Link} to={`/projects/${snapshot.project_id}/datasets`} size="sm" w="fit-content">
            {project.data ? `${project.data.name}, datasets` : "Datasets"}
          </Anchor>
          <Group gap="sm">
            <Title order={1} style={{ overflowWrap: "anywhere" }}>
              {name}
            </Title>
            {state !== "making" && <SnapshotBadge state={state} />}
            <AffectedBadge snapshot={snapshot} />
          </Group>
          <Group gap="md" c="dimmed" fz="sm">
            <span>
              The work as of {when(as_of)}, on the body{" "}
              <Anchor component={Link} to={`/bodies/${body.hash}`} size="sm" underline="always">
                {body.name}
              </Anchor>
              {card?.transferred_from && `, transferred from ${card.transferred_from.body}`}
            </span>
            {hash && <Hash value={hash} />}
          </Group>
        </Stack>
        {project.data?.can.manage && <Delete snapshot={snapshot} />}
      </Group>
      <Stack gap="xl">
        {snapshot.withdrawn > 0 && <Affected snapshot={snapshot} />}
        {state !== "ready" && <NotReady snapshot={snapshot} manages={project.data?.can.manage ?? false} />}
        {card && (
          <div className={classes.page}>
            <Stack gap={40}>
              <CardInside card={card} />
              <CardQuality card={card} />
              <CardChosen card={card} />
              <CardLicences card={card} />
              <CardFiles card={card} />
              <ComparePanel snapshot={snapshot} />
            </Stack>
            <div className={classes.aside}>
              <DownloadPanel snapshot={snapshot} project={project.data?.name ?? card.project} />
            </div>
          </div>
        )}
      </Stack>
    </Page>
  );
}

function Affected({ snapshot }: { snapshot: SnapshotDetail }) {
  const one = snapshot.withdrawn === 1;
  return (
    <Alert
      color="red"
      variant="light"
      icon={<IconAlertTriangle size={20} aria-hidden />}
      title={withdrawnWords(snapshot)}
      data-testid="affected-notice"
    >
      <Text size="sm">
        {one ? "It is" : "They are"} erased, and no download of this snapshot has {one ? "it or its" : "them or their"}{" "}
        persons any more; its counts and checksums below are those of the day it was made. Copies that were downloaded
        before still have {one ? "it" : "them"}: delete them, and{" "}
        <Anchor component={Link} to={`/projects/${snapshot.project_id}/datasets/new`} size="sm" underline="always">
          make a new snapshot
        </Anchor>{" "}
        to go on with.
      </Text>
    </Alert>
  );
}

function NotReady({ snapshot, manages }: { snapshot: SnapshotDetail; manages: boolean }) {
  const job = useMaking(snapshot);
  return (
    <Paper bg="var(--dm-surface)" p="lg" maw={640}>
      {snapshot.state === "failed" ? (
        <Stack gap="sm" align="flex-start">
          <JobError lead="It was not made. " reason={snapshot.error} />
          <Button component={Link} to={`/projects/${snapshot.project_id}/datasets/new`} variant="default">
            Set up another
          </Button>
        </Stack>
      ) : (
        <Stack gap="sm">
          {job ? <JobProgress job={job} cancellable={!manages} /> : <Text size="sm">Waiting for its turn</Text>}
          <Text size="sm" c="dimmed">
            This goes on when you close the browser. What is marked meanwhile does not come in.
          </Text>
        </Stack>
      )}
    </Paper>
  );
}

function Delete({ snapshot }: { snapshot: SnapshotDetail }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [asking, dialog] = useDisclosure(false);
  const remove = useMutation({
    mutationFn: () => deleteSnapshot(snapshot.id),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["projects", snapshot.project_id, "snapshots"] });
      navigate(`/projects/${snapshot.project_id}/datasets`);
    },
  });
  return (
    <>
      <Button variant="default" onClick={dialog.open}>
        {snapshot.state === "making" ? "Stop and delete" : "Delete"}
      </Button>
      <ConfirmDialog
        opened={asking}
        title={`Delete the snapshot “${snapshot.name}”?`}
        action="Delete the snapshot"
        busy={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate()}
        onClose={dialog.close}
      >
        Its files and its card are removed from the server and cannot be brought back; copies that people downloaded
        stay theirs. The project's work is not touched, but what was changed since cannot be had as it was.
      </ConfirmDialog>
    </>
  );
}
