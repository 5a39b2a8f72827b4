import { Anchor, Paper, SimpleGrid, Stack, Table, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { count } from "../components/Meter";
import { sentence } from "../lib/words";
import { unitless } from "../studies/format";
import { Bar } from "./CardInside";
import classes from "./datasets.module.css";
import { Section } from "./Section";
import type { Card } from "./types";

const cm = (value: number | null) => (value === null ? "–" : `${value.toFixed(2)} cm`);

/** How good the annotations are, by all that measured them; what was not measured says so. */
export function CardQuality({ card }: { card: Card }) {
  return (
    <Section id="quality" title="How it was measured">
      {card.transferred_from && <Transferred from={card.transferred_from} />}
      <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="md">
        <Study card={card} />
        <Gold card={card} />
        <Agreement card={card} />
      </SimpleGrid>
      {card.gold && <GoldTable gold={card.gold} />}
      {card.annotators.length > 0 && <Annotators card={card} />}
    </Section>
  );
}

function Transferred({ from: { body, figures, other_part } }: { from: NonNullable<Card["transferred_from"]> }) {
  const { mean, p95 } = figures.cycle;
  return (
    <Text size="sm" maw={720} className="numbers">
      The marks were made on the body {body}, on which the figures below were measured, and then transferred: there and
      back, a point comes {cm(100 * mean)} from where it was on average (95% within {cm(100 * p95)}).{" "}
      {other_part === 1 ? "1 point" : `${count(other_part)} points`} came to lie in another part.
    </Text>
  );
}

function Figure({ title, value, children }: { title: string; value: string | null; children: ReactNode }) {
  return (
    <Paper bg="var(--dm-surface)" p="md">
      <Stack gap={4}>
        <Title order={3} size="sm">
          {title}
        </Title>
        <Text fz="1.4rem" fw={640} c={value === null ? "dimmed" : "bright"} lh={1.3} className="numbers">
          {value ?? "Not measured"}
        </Text>
        <Text size="sm" c="dimmed" component="div">
          {children}
        </Text>
      </Stack>
    </Paper>
  );
}

function Study({ card: { study } }: { card: Card }) {
  const title = "Annotators, in a study";
  if (!study) {
    return (
      <Figure title={title} value={null}>
        There was no report of a study of the people who annotated.
      </Figure>
    );
  }
  const interval =
    study.low === null || study.high === null
      ? ""
      : `, 95% interval ${study.low.toFixed(2)} to ${study.high.toFixed(2)}`;
  return (
    <Figure title={title} value={cm(study.mean)}>
      mean error{interval}; median {cm(study.median)}, AUC10 {unitless(study.auc10)}, AUC30 {unitless(study.auc30)}.{" "}
      {count(study.annotators)} annotators{study.simulated > 0 && `, ${count(study.simulated)} of them simulated,`} on{" "}
      {count(study.points)} points of {count(study.persons)} renders in{" "}
      <Anchor component={Link} to={`/studies/${study.id}/report`} size="sm" underline="always">
        {study.name}
      </Anchor>
      . Photos may be harder.
    </Figure>
  );
}

function Gold({ card: { gold } }: { card: Card }) {
  const title = "This work, against known truth";
  if (!gold) {
    return (
      <Figure title={title} value={null}>
        No person in here has a known truth.
      </Figure>
    );
  }
  const all = gold.errors[0];
  return (
    <Figure title={title} value={all ? cm(all.mean) : null}>
      mean error{all && `; median ${cm(all.median)}`}, on {count(all?.points ?? 0)} points of {count(gold.persons)}{" "}
      persons whose truth is known.{" "}
      {gold.outside > 0 && `${count(gold.outside)} more lie where the person is not to be seen.`}
    </Figure>
  );
}

function Agreement({ card: { agreement } }: { card: Card }) {
  const title = "Agreement between annotators";
  if (!agreement) {
    return (
      <Figure title={title} value={null}>
        No point in here has marks of several annotators that were compared.
      </Figure>
    );
  }
  return (
    <Figure title={title} value={cm(agreement.mean)}>
      mean distance of the other marks from the chosen one; median {cm(agreement.median)}, on {count(agreement.points)}{" "}
      points with several marks.
    </Figure>
  );
}

function GoldTable({ gold }: { gold: NonNullable<Card["gold"]> }) {
  if (gold.errors.length < 2) return null;
  const most = Math.max(...gold.errors.map(({ mean }) => mean), 0);
  return (
    <Paper bg="var(--dm-surface)" style={{ overflow: "hidden" }}>
      <Table verticalSpacing={5} horizontalSpacing="lg">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w="30%">Against known truth</Table.Th>
            <Table.Th>Mean error</Table.Th>
            <Table.Th ta="right" w={110}>
              <span className="visually-hidden">Mean error in centimetres</span>
            </Table.Th>
            <Table.Th ta="right" w={110}>
              Median
            </Table.Th>
            <Table.Th ta="right" w={90}>
              Points
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody className="numbers">
          {gold.errors.map(({ name, mean, median, points }) => (
            <Table.Tr key={name}>
              <Table.Td>{name === "all" ? "All parts" : sentence(name)}</Table.Td>
              <Table.Td>
                <Bar value={mean} of={most} />
              </Table.Td>
              <Table.Td ta="right" className={classes.word}>
                {cm(mean)}
              </Table.Td>
              <Table.Td ta="right" className={classes.word}>
                {cm(median)}
              </Table.Td>
              <Table.Td ta="right">{count(points)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}

function Annotators({ card: { annotators } }: { card: Card }) {
  const most = Math.max(...annotators.map(({ points }) => points), 1);
  return (
    <Paper bg="var(--dm-surface)" style={{ overflow: "hidden" }}>
      <Table verticalSpacing={5} horizontalSpacing="lg">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w="30%">
              Who marked{" "}
              <Text span size="xs" c="dimmed" fw={400} display="block">
                names are replaced
              </Text>
            </Table.Th>
            <Table.Th>Points</Table.Th>
            <Table.Th ta="right" w={90}>
              <span className="visually-hidden">How many points</span>
            </Table.Th>
            <Table.Th ta="right" w={90}>
              Persons
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody className="numbers">
          {annotators.map(({ name, points, persons }) => (
            <Table.Tr key={name}>
              <Table.Td>{name}</Table.Td>
              <Table.Td>
                <Bar value={points} of={most} />
              </Table.Td>
              <Table.Td ta="right">{count(points)}</Table.Td>
              <Table.Td ta="right">{count(persons)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}
