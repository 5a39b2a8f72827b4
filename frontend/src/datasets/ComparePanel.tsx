import { Badge, Group, Paper, SegmentedControl, Select, Stack, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { count } from "../components/Meter";
import { ErrorState, LoadingState } from "../components/states";
import { when } from "../studies/format";
import { LISTED } from "./api";
import classes from "./datasets.module.css";
import { datasetQueries } from "./queries";
import { Section } from "./Section";
import type { Change, Changes, SnapshotDetail, SnapshotDiff } from "./types";

/** What differs from another snapshot of the project to this one. */
export function ComparePanel({ snapshot }: { snapshot: SnapshotDetail }) {
  const [params, setParams] = useSearchParams();
  const list = useQuery(datasetQueries.ofProject(snapshot.project_id));
  const others = list.data?.items.filter(({ id, state }) => id !== snapshot.id && state === "ready") ?? [];
  const other = others.find(({ id }) => id === params.get("from")) ?? null;
  return (
    <Section id="compare" title="Compare" lead="What was added, removed and changed from another snapshot to this one.">
      {list.isError && !list.data ? (
        <ErrorState error={list.error} retry={() => list.refetch()} />
      ) : list.data && others.length === 0 ? (
        <Text size="sm" c="dimmed">
          The project has no other snapshot yet.
        </Text>
      ) : (
        <Select
          label="From"
          placeholder="Choose a snapshot"
          maw={360}
          clearable
          clearButtonProps={{ "aria-label": "Choose none" }}
          value={other?.id ?? null}
          onChange={(id) => setParams(id ? { from: id } : {}, { replace: true, preventScrollReset: true })}
          data={others.map(({ id, name, as_of }) => ({ value: id, label: `${name}, as of ${when(as_of)}` }))}
        />
      )}
      {other && <Difference id={snapshot.id} name={snapshot.name} other={other} />}
    </Section>
  );
}

function Difference({ id, name, other }: { id: string; name: string; other: { id: string; name: string } }) {
  const diff = useQuery(datasetQueries.diff(id, other.id));
  if (diff.isError) return <ErrorState error={diff.error} retry={() => diff.refetch()} />;
  if (!diff.data) return <LoadingState label="Comparing" />;
  if (diff.data.same_content) {
    return (
      <Text size="sm" role="status">
        {other.name} and {name} hold the same, byte by byte.
      </Text>
    );
  }
  return <Found diff={diff.data} />;
}

const KINDS = ["added", "removed", "changed", "same"] as const;

function Found({ diff }: { diff: SnapshotDiff }) {
  const first = diff.persons.items.length > 0 ? "persons" : "images";
  const [shown, setShown] = useState<"persons" | "images">(first);
  const rows = [
    { key: "images", label: "Photos", changes: diff.images },
    { key: "persons", label: "Persons", changes: diff.persons },
  ] as const;
  const { items, added, removed, changed } = diff[shown];
  const all = added + removed + changed;
  return (
    <Stack gap="md">
      {!diff.same_body && (
        <Text size="sm" c="var(--mantine-color-error)">
          They are on different bodies: their points cannot be compared.
        </Text>
      )}
      <Paper bg="var(--dm-surface)" style={{ overflow: "hidden" }} data-testid="diff">
        <Table verticalSpacing={7} horizontalSpacing="lg">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>
                <span className="visually-hidden">What</span>
              </Table.Th>
              <Table.Th ta="right">Added</Table.Th>
              <Table.Th ta="right">Removed</Table.Th>
              <Table.Th ta="right">Changed</Table.Th>
              <Table.Th ta="right">The same</Table.Th>
              <Table.Th>What changed</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody className="numbers">
            {rows.map(({ key, label, changes }) => (
              <Table.Tr key={key}>
                <Table.Td fw={530}>{label}</Table.Td>
                {KINDS.map((kind) => (
                  <Table.Td key={kind} ta="right">
                    {count(changes[kind])}
                  </Table.Td>
                ))}
                <Table.Td>{whatWords(changes)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Paper>
      <Group>
        <SegmentedControl
          size="sm"
          aria-label="Which are listed"
          value={shown}
          onChange={(value) => setShown(value as "persons" | "images")}
          data={rows.map(({ key, label }) => ({ value: key, label }))}
        />
        {all > items.length && (
          <Text size="sm" c="dimmed" className="numbers">
            the first {count(LISTED)} of {count(all)}
          </Text>
        )}
      </Group>
      <ChangeList items={items} />
    </Stack>
  );
}

function whatWords({ what }: Changes): string {
  const said = Object.entries(what).map(([name, n]) => `${name} ${count(n)}`);
  return said.length > 0 ? said.join(", ") : "–";
}

const SIGNS: Record<Change["how"], string> = { added: "+", removed: "−", changed: "~" };

function ChangeList({ items }: { items: readonly Change[] }) {
  if (items.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        No difference.
      </Text>
    );
  }
  return (
    <Paper bg="var(--dm-surface)">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls must take the keyboard. */}
      <section className={classes.scroll} tabIndex={0} aria-label="Differences">
        <Table verticalSpacing={4} horizontalSpacing="lg" stickyHeader>
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={130}>How</Table.Th>
              <Table.Th>Photo</Table.Th>
              <Table.Th>Id in the files</Table.Th>
              <Table.Th>What</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody className="numbers">
            {items.map((item) => (
              <Table.Tr key={item.id}>
                <Table.Td>
                  <Badge variant="default" radius="sm" tt="none" fw={530} size="sm">
                    {SIGNS[item.how]} {item.how}
                  </Badge>
                </Table.Td>
                <Table.Td style={{ overflowWrap: "anywhere" }}>{item.image}</Table.Td>
                <Table.Td>{item.id}</Table.Td>
                <Table.Td>{item.what.join(", ") || "–"}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </section>
    </Paper>
  );
}
