import { Paper, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { queries } from "../api/queries";
import { count } from "../components/Meter";
import { partsOf } from "../parts";
import { share as shareText } from "../studies/format";
import classes from "./datasets.module.css";
import { Section } from "./Section";
import { SplitDot } from "./SplitBar";
import type { Card } from "./types";

/** What is in a snapshot: in all, per split, per part of the body. */
export function CardInside({ card }: { card: Card }) {
  const { counts } = card;
  return (
    <Section
      id="inside"
      title="What is inside"
      lead="Annotated persons have part masks and marked points. Those not annotated stand with box, outline and keypoints where they have any, which does not mean that nobody is there."
    >
      <Paper bg="var(--dm-surface)">
        <dl className={classes.tiles}>
          <Tile label="Photos" value={counts.images} />
          <Tile label="Annotated" value={counts.annotated} />
          <Tile label="Not annotated" value={counts.persons - counts.annotated} />
          <Tile label="Points" value={counts.points} />
          <Tile label="Part masks" value={counts.masks} />
        </dl>
      </Paper>
      {card.splits.length > 0 && <Splits card={card} />}
      <Parts card={card} />
    </Section>
  );
}

function Tile({ label, value }: { label: string; value: number }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{count(value)}</dd>
    </div>
  );
}

function Splits({ card: { splits, counts } }: { card: Card }) {
  return (
    <Paper bg="var(--dm-surface)" style={{ overflow: "hidden" }}>
      <Table verticalSpacing={7} horizontalSpacing="lg">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Split</Table.Th>
            <Table.Th ta="right">Asked for</Table.Th>
            <Table.Th w="24%">Share of the photos</Table.Th>
            <Table.Th ta="right">Photos</Table.Th>
            <Table.Th ta="right">Persons</Table.Th>
            <Table.Th ta="right">Annotated</Table.Th>
            <Table.Th ta="right">Points</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody className="numbers">
          {splits.map(({ name, share, counts: own }, index) => (
            <Table.Tr key={name}>
              <Table.Td fw={530}>
                <SplitDot index={index} /> {name}
              </Table.Td>
              <Table.Td ta="right">{shareText(share)}</Table.Td>
              <Table.Td>
                <Bar value={own.images} of={counts.images} words={shareText(own.images / Math.max(counts.images, 1))} />
              </Table.Td>
              <Table.Td ta="right">{count(own.images)}</Table.Td>
              <Table.Td ta="right">{count(own.persons)}</Table.Td>
              <Table.Td ta="right">{count(own.annotated)}</Table.Td>
              <Table.Td ta="right">{count(own.points)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}

/** A length for a figure that stands beside it. */
export function Bar({ value, of, words }: { value: number; of: number; words?: string }) {
  return (
    <span style={{ display: "flex", alignItems: "center", gap: "0.6rem" }}>
      <span className={classes.bar} style={{ flex: 1 }} aria-hidden>
        <span style={{ width: `${of > 0 ? (100 * value) / of : 0}%` }} />
      </span>
      {words && (
        <Text span size="sm" c="dimmed" miw={36} ta="right">
          {words}
        </Text>
      )}
    </span>
  );
}

function Parts({ card: { parts, counts, body_hash } }: { card: Card }) {
  const body = useQuery(queries.body(body_hash));
  const names = body.data && partsOf(body.data);
  const most = Math.max(...parts.map(({ points }) => points), 1);
  return (
    <Paper bg="var(--dm-surface)" style={{ overflow: "hidden" }}>
      <Table verticalSpacing={5} horizontalSpacing="lg">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w="30%">Part of the body</Table.Th>
            <Table.Th>Points</Table.Th>
            <Table.Th ta="right" w={90}>
              <span className="visually-hidden">How many points</span>
            </Table.Th>
            <Table.Th ta="right" w={90}>
              Share
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody className="numbers">
          {parts.map(({ label, name, points }) => (
            <Table.Tr key={label}>
              <Table.Td>{names?.name(label) ?? name}</Table.Td>
              <Table.Td>
                <Bar value={points} of={most} />
              </Table.Td>
              <Table.Td ta="right">{count(points)}</Table.Td>
              <Table.Td ta="right" c="dimmed">
                {counts.points > 0 ? shareText(points / counts.points) : "–"}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}
