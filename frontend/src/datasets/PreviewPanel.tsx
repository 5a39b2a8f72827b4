import { Stack, Table, Text } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { count } from "../components/Meter";
import { InlineError, LoadingState } from "../components/states";
import classes from "./datasets.module.css";
import { datasetQueries } from "./queries";
import { SplitDot } from "./SplitBar";
import type { SnapshotPreview, SnapshotSettings } from "./types";
import { leftOut, listed, photos } from "./words";

export function usePreview(projectId: string, settings: SnapshotSettings, enabled: boolean) {
  return useQuery({ ...datasetQueries.preview(projectId, settings), enabled, placeholderData: keepPreviousData });
}

/** What a snapshot with the settings of the form would hold, as the server counts it. */
export function PreviewPanel({ preview }: { preview: ReturnType<typeof usePreview> }) {
  const { data, error, isPlaceholderData, isFetching } = preview;
  if (error) return <InlineError error={error} />;
  if (!data) return <LoadingState label="Counting" />;
  return (
    <Stack gap="md" className={isPlaceholderData && isFetching ? classes.stale : undefined}>
      <div>
        <Text fw={600} c="bright" aria-live="polite" data-testid="preview" className="numbers">
          {count(data.annotated)} {data.annotated === 1 ? "person" : "persons"}, {count(data.points)} points
        </Text>
        <Text size="sm" c="dimmed" className="numbers">
          with masks and points, in {photos(data.images)}
          {data.persons > data.annotated && `, beside ${count(data.persons - data.annotated)} not annotated`}
        </Text>
      </div>
      {data.splits.length > 1 && <Splits preview={data} />}
      {data.images > 0 && <EmptySplits preview={data} />}
      <LeftOutList counts={data.left_out} />
      <Stack gap={4}>
        <Text size="xs" c="dimmed">
          At most: the marks themselves are looked at when the snapshot is made.
        </Text>
        {data.not_hashed > 0 && (
          <Text size="xs" c="dimmed">
            {photos(data.not_hashed)} {data.not_hashed === 1 ? "was" : "were"} not compared with the others yet, so the
            split is an estimate.
          </Text>
        )}
      </Stack>
    </Stack>
  );
}

function Splits({ preview }: { preview: SnapshotPreview }) {
  return (
    <Table verticalSpacing={4} horizontalSpacing={0}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Split</Table.Th>
          <Table.Th ta="right">Photos</Table.Th>
          <Table.Th ta="right">Persons</Table.Th>
          <Table.Th ta="right">Points</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody className="numbers">
        {preview.splits.map(({ name, images, annotated, points }, index) => (
          <Table.Tr key={name}>
            <Table.Td style={{ overflowWrap: "anywhere" }}>
              <SplitDot index={index} /> {name}
            </Table.Td>
            <Table.Td ta="right">{count(images)}</Table.Td>
            <Table.Td ta="right">{count(annotated)}</Table.Td>
            <Table.Td ta="right">{count(points)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** A split by shares may leave a side of few photos empty. */
function EmptySplits({ preview }: { preview: SnapshotPreview }) {
  const empty = preview.splits.filter(({ images }) => images === 0).map(({ name }) => name);
  if (empty.length === 0) return null;
  return (
    <Text size="xs" c="var(--mantine-color-error)">
      No photo falls into {listed(empty)}: each photo is drawn by itself, so few photos split unevenly.
    </Text>
  );
}

function LeftOutList({ counts }: { counts: Readonly<Record<string, number>> }) {
  const rows = leftOut(counts);
  if (rows.length === 0) return null;
  return (
    <div>
      <Text size="sm" fw={560} c="bright" mb={4}>
        Left out, or not annotated
      </Text>
      <dl className={classes.facts}>
        {rows.map(({ what, why, count: n }) => (
          <div key={`${what} ${why}`} style={{ display: "contents" }}>
            <dt>
              {what}: {why}
            </dt>
            <dd>{count(n)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
