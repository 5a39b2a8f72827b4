import { Badge, Table, Text, Tooltip } from "@mantine/core";
import { IconChevronRight } from "@tabler/icons-react";
import { Fragment, useState } from "react";
import { count } from "../../components/Meter";
import { cmInterval, cmNumber, NONE, persons, rate, rateBasis, share, shareInterval } from "../format";
import type { AnnotatorReport, Rate, Report } from "../report";
import { IntervalCell } from "./IntervalCell";
import classes from "./report.module.css";
import { Section, Term } from "./Section";
import { PartsTable } from "./Where";

/** The annotators, the most accurate first; each opens into their parts. */
export function Annotators({ report }: { report: Report }) {
  const ranked = [...report.by_annotator].sort((a, b) => a.rank - b.rank);
  const top = 1.05 * Math.max(...ranked.map(({ mean }) => mean.high ?? mean.value ?? 0), 0.01);
  const drawn = ranked.some(({ mask_iou }) => mask_iou !== null);
  const twice = ranked.some(({ retest }) => retest !== null);
  const untested = report.unmeasured.differences;
  const columns = 7 + Number(drawn) + Number(twice) + Number(!untested);
  return (
    <Section
      id="annotators"
      title="Annotators"
      lead={
        <>
          The most accurate first
          {untested ? (
            <>; the ranks may be chance. {untested}</>
          ) : (
            <>
              . People who share a <Term of="group">letter</Term> cannot be told apart by this study.
            </>
          )}{" "}
          A row opens into its parts.
        </>
      }
    >
      <div className={classes.card}>
        <Table verticalSpacing={6} horizontalSpacing="sm" className="numbers" fz="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th ta="right">#</Table.Th>
              <Table.Th>Annotator</Table.Th>
              {!untested && (
                <Table.Th>
                  <Term of="group">Group</Term>
                </Table.Th>
              )}
              <Table.Th ta="right">Mean, cm</Table.Th>
              <Table.Th w="20%">
                <Term of="interval">95% interval</Term>
              </Table.Th>
              <Table.Th ta="right">
                <Term of="leftRight">Left/right</Term>
              </Table.Th>
              <Table.Th ta="right">
                <Term of="frontBack">Front/back</Term>
              </Table.Th>
              {drawn && (
                <Table.Th ta="right">
                  <Term of="iou">Masks</Term>
                </Table.Th>
              )}
              {twice && <Table.Th ta="right">Retest, cm</Table.Th>}
              <Table.Th ta="right">Marks</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {ranked.map((one) => (
              <Row key={one.name} one={one} top={top} lettered={!untested} {...{ drawn, twice, columns }} />
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Section>
  );
}

interface RowProps {
  one: AnnotatorReport;
  top: number;
  lettered: boolean;
  drawn: boolean;
  twice: boolean;
  columns: number;
}

function Row({ one, top, lettered, drawn, twice, columns }: RowProps) {
  const [opened, setOpened] = useState(false);
  const { left_right, front_back } = one;
  return (
    <Fragment>
      <Table.Tr>
        <Table.Td ta="right">{one.rank}</Table.Td>
        <Table.Td>
          <div className={classes.rowName}>
            <button
              type="button"
              className={classes.rowButton}
              aria-expanded={opened}
              onClick={() => setOpened(!opened)}
            >
              <IconChevronRight size={15} className={classes.chevron} aria-hidden />
              <Text span fw={560} c="bright" size="sm">
                {one.name}
              </Text>
            </button>
            {one.simulated && (
              <Badge size="sm" variant="default" tt="none" radius="sm" fw={500} style={{ flex: "none" }}>
                simulated
              </Badge>
            )}
          </div>
        </Table.Td>
        {lettered && <Table.Td>{one.group || NONE}</Table.Td>}
        <Table.Td ta="right" fw={560}>
          {cmNumber(one.mean.value)}
        </Table.Td>
        <IntervalCell figure={one.mean} top={top} words={cmInterval(one.mean)} />
        <Swaps of={left_right} flagged={one.suspect.some((word) => /left/i.test(word))} what="left and right" />
        <Swaps of={front_back} flagged={one.suspect.some((word) => /front/i.test(word))} what="front and back" />
        {drawn && <Table.Td ta="right">{share(one.mask_iou?.value ?? null)}</Table.Td>}
        {twice && <Table.Td ta="right">{cmNumber(one.retest?.value)}</Table.Td>}
        <Table.Td ta="right">
          <Text span size="sm" c="dimmed">
            {one.points.toLocaleString("en")}
          </Text>
        </Table.Td>
      </Table.Tr>
      {opened && (
        <Table.Tr>
          <Table.Td colSpan={columns} bg="var(--dm-sunken)" p="md">
            <Text size="sm" mb="xs">
              {details(one)}
            </Text>
            <PartsTable groups={one.parts} compact />
          </Table.Td>
        </Table.Tr>
      )}
    </Fragment>
  );
}

function Swaps({ of, flagged, what }: { of: Rate; flagged: boolean; what: string }) {
  const basis = rateBasis(of);
  const interval = shareInterval(of);
  return (
    <Table.Td ta="right" title={interval === NONE ? undefined : `95% interval ${interval}`}>
      {flagged ? (
        <Tooltip label={`Swaps ${what} clearly more often than the others: ${basis}`} multiline maw={280}>
          <Badge color="red" variant="light" radius="sm" size="md" tt="none" c="var(--dm-bad)">
            {rate(of)}
            <span className="visually-hidden"> stands out</span>
          </Badge>
        </Tooltip>
      ) : (
        rate(of)
      )}
      <Text size="xs" c="dimmed">
        {count(of.count)} of {count(of.of)}
        <span className="visually-hidden">, 95% interval {interval}</span>
      </Text>
    </Table.Td>
  );
}

function details(one: AnnotatorReport): string {
  const seconds = one.seconds_per_point.value;
  return [
    persons(one.persons),
    `median ${cmNumber(one.median.value)} cm`,
    `nine of ten within ${cmNumber(one.p90.value)} cm`,
    `${cmNumber(one.surface_mean.value)} cm over the seen surface`,
    ...(seconds === null ? [] : [`${seconds.toFixed(1)} s a point`]),
    `${one.flagged} flagged`,
    ...swapDetails(one.left_right, "left/right"),
    ...swapDetails(one.front_back, "front/back"),
  ].join(" · ");
}

function swapDetails(of: Rate, what: string): string[] {
  return of.of === 0 ? [] : [`${what} swapped: ${rateBasis(of)}`];
}
