import { Button, Table, Text } from "@mantine/core";
import { useState } from "react";
import { count } from "../../components/Meter";
import { cmInterval, cmNumber, pText } from "../format";
import type { Difference, Report } from "../report";
import classes from "./report.module.css";
import { Plot, Section, Term } from "./Section";

const FIRST = 10;

/** Who differs from whom, on points that both have marked. */
export function Differences({ report, studyId, version }: { report: Report; studyId: string; version: string }) {
  const [all, setAll] = useState(false);
  const sorted = [...report.differences].sort(
    (a, b) =>
      (a.p_corrected ?? 2) - (b.p_corrected ?? 2) ||
      Math.abs(b.difference.value ?? 0) - Math.abs(a.difference.value ?? 0),
  );
  const shown = all ? sorted : sorted.slice(0, FIRST);
  const told = sorted.filter(({ differs }) => differs).length;
  const tested = sorted.filter(({ p }) => p !== null).length;
  const untested = report.unmeasured.differences;
  return (
    <Section
      id="differences"
      title="Differences between annotators"
      lead={
        untested ?? (
          <>
            Each pair on the points that both have marked. {count(told)} of {count(tested)}{" "}
            {tested === 1 ? "pair differs" : "pairs differ"} by more than chance would make them, with a{" "}
            <Term of="corrected">correction</Term> for looking at so many.
            {tested < sorted.length && ` ${count(sorted.length - tested)} more share too few persons for a test.`}
          </>
        )
      }
    >
      <Plot
        studyId={studyId}
        name="differences"
        version={version}
        alt="Differences between the mean errors of each two annotators. The table below says the same."
      />
      <div className={classes.card}>
        <Table verticalSpacing={6} horizontalSpacing="md" className="numbers" fz="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>More accurate</Table.Th>
              <Table.Th>Less accurate</Table.Th>
              <Table.Th ta="right">By, cm</Table.Th>
              <Table.Th ta="right">
                <Term of="interval">95% interval</Term>
              </Table.Th>
              <Table.Th>Differ by more than chance</Table.Th>
              <Table.Th ta="right">
                <Term of="corrected">p, corrected</Term>
              </Table.Th>
              <Table.Th ta="right">Persons</Table.Th>
              <Table.Th ta="right">Points</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {shown.map((pair) => (
              <Row key={`${pair.first} ${pair.second}`} {...oriented(pair)} />
            ))}
          </Table.Tbody>
        </Table>
      </div>
      {sorted.length > FIRST && !all && (
        <Button className={classes.screen} variant="default" w="fit-content" size="xs" onClick={() => setAll(true)}>
          Show all {sorted.length} pairs
        </Button>
      )}
    </Section>
  );
}

/** The pair with the more accurate one first, so that the difference is positive. */
export function oriented(pair: Difference): Difference {
  const { value, low, high, count } = pair.difference;
  if (value === null || value <= 0) {
    const flip = (x: number | null) => (x === null ? null : -x || 0);
    return { ...pair, difference: { value: flip(value), low: flip(high), high: flip(low), count } };
  }
  return { ...pair, first: pair.second, second: pair.first };
}

function Row({ first, second, difference, differs, p, p_corrected, points, persons }: Difference) {
  return (
    <Table.Tr>
      <Table.Td fw={differs ? 560 : 400}>{first}</Table.Td>
      <Table.Td>{second}</Table.Td>
      <Table.Td ta="right" fw={differs ? 560 : 400}>
        {cmNumber(difference.value)}
      </Table.Td>
      <Table.Td ta="right">{cmInterval(difference)}</Table.Td>
      <Table.Td>
        <Text span size="sm" c={differs ? "bright" : "dimmed"}>
          {p === null ? "too few persons to say" : differs ? "yes" : "not shown"}
        </Text>
      </Table.Td>
      <Table.Td ta="right">{pText(p_corrected)}</Table.Td>
      <Table.Td ta="right">{count(persons)}</Table.Td>
      <Table.Td ta="right">{count(points)}</Table.Td>
    </Table.Tr>
  );
}
