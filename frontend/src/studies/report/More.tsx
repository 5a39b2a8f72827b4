import { Table, Text, Title } from "@mantine/core";
import { count } from "../../components/Meter";
import { cm, cmInterval, cmNumber, marks, mm, points, share, shareInterval, unitless } from "../format";
import type { Report, Trend } from "../report";
import { IntervalCell } from "./IntervalCell";
import { nameOf } from "./order";
import classes from "./report.module.css";
import { Numbers, Plot, Section, Term } from "./Section";

interface Props {
  report: Report;
  studyId: string;
  version: string;
}

/** Errors against time spent, viewing angle, and how many points were marked before. */
export function Trends({ report, studyId, version }: Props) {
  return (
    <Section
      id="trends"
      title="What goes with larger errors"
      lead="Time spent on a point, how the surface faces the viewer, and how far into the study an annotator is. Each compares annotators only with themselves."
    >
      {report.trends.map((trend) => (
        <div key={trend.name} className={classes.trend}>
          <Title order={3} size="h5" mb={2}>
            {trend.label}
          </Title>
          <Text mb="xs" maw={700}>
            {trend.says}
          </Text>
          <Plot studyId={studyId} name={trend.name} version={version} alt={`${trend.label}: ${trend.says}`} />
          <Numbers>
            <Bins trend={trend} />
          </Numbers>
        </div>
      ))}
    </Section>
  );
}

function Bins({ trend }: { trend: Trend }) {
  return (
    <div className={classes.card}>
      <Table verticalSpacing={4} horizontalSpacing="md" className="numbers" fz="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>
              {trend.label}
              {trend.unit && `, ${trend.unit}`}
            </Table.Th>
            <Table.Th ta="right">Mean error, cm</Table.Th>
            <Table.Th ta="right">95% interval</Table.Th>
            <Table.Th ta="right">Marks</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {trend.bins.map((bin) => (
            <Table.Tr key={bin.low}>
              <Table.Td>
                {rounded(bin.low)} to {rounded(bin.high)}
              </Table.Td>
              <Table.Td ta="right">{cmNumber(bin.mean.value)}</Table.Td>
              <Table.Td ta="right">{cmInterval(bin.mean)}</Table.Td>
              <Table.Td ta="right">{count(bin.mean.count)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

const rounded = (x: number) => (Math.abs(x) >= 10 ? Math.round(x) : Number(x.toFixed(1)));

const CAUSES = [
  ["annotator", "The annotator", "some people are more accurate than others"],
  ["image", "The image", "some persons are harder than others"],
  ["part", "The part", "some parts are harder than others"],
  ["rest", "The rest", "chance, and what differs from point to point"],
] as const;

/** How much of the variance of errors lies with the annotator, the image and the part. */
export function SharesOfError({ report, studyId, version }: Props) {
  const { shares } = report;
  return (
    <Section
      id="shares"
      title="Sources of error"
      lead={`Of all the differences between errors, how much goes with the annotator, the image and the part.${shares.spread === null ? "" : ` Errors differ by ${cm(shares.spread)} (standard deviation).`} From ${marks(shares.rest.count)}.`}
    >
      <Plot
        studyId={studyId}
        name="shares"
        version={version}
        alt={CAUSES.map(([key, name]) => `${name}: ${share(shares[key].value)}`).join("; ")}
      />
      <div className={classes.card}>
        <Table verticalSpacing={6} horizontalSpacing="md" className="numbers" fz="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Goes with</Table.Th>
              <Table.Th>because</Table.Th>
              <Table.Th ta="right">Share</Table.Th>
              <Table.Th ta="right">
                <Term of="interval">95% interval</Term>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {CAUSES.map(([key, name, text]) => (
              <Table.Tr key={key}>
                <Table.Td fw={560}>{name}</Table.Td>
                <Table.Td>
                  <Text span size="sm" c="dimmed">
                    {text}
                  </Text>
                </Table.Td>
                <Table.Td ta="right" fw={560}>
                  {share(shares[key].value)}
                </Table.Td>
                <Table.Td ta="right">
                  <Text span size="sm" c="dimmed">
                    {shareInterval(shares[key])}
                  </Text>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Section>
  );
}

/** In the place of a chapter that has nothing to tell: why not. */
function NotMeasured({ id, title, why }: { id: string; title: string; why: string | null }) {
  return (
    <Section id={id} title={title}>
      <Text maw={700}>{why ?? "Not measured in this study."}</Text>
    </Section>
  );
}

/** How well drawn part masks cover the true ones. */
export function Masks({ report }: { report: Report }) {
  if (!report.masks) return <NotMeasured id="masks" title="Masks" why={report.unmeasured.masks} />;
  // The worst first, as everywhere.
  const rows = [...report.masks].sort(
    (a, b) => Number(a.label !== null) - Number(b.label !== null) || (a.iou.value ?? 0) - (b.iou.value ?? 0),
  );
  return (
    <Section
      id="masks"
      title="Masks"
      lead={
        <>
          How well the drawn part masks agree with the true ones, as <Term of="iou">overlap</Term>.
        </>
      }
    >
      <div className={classes.card}>
        <Table verticalSpacing={5} horizontalSpacing="md" className="numbers" fz="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Part</Table.Th>
              <Table.Th ta="right">Overlap</Table.Th>
              <Table.Th w="34%">95% interval</Table.Th>
              <Table.Th ta="right">Masks</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map(({ name, label, iou, masks }) => (
              <Table.Tr key={name} className={label === null ? classes.strong : ""}>
                <Table.Td>{nameOf({ kind: label === null ? "all" : "part", name, label })}</Table.Td>
                <Table.Td ta="right">{share(iou.value)}</Table.Td>
                <IntervalCell figure={iou} top={1} words={shareInterval(iou)} />
                <Table.Td ta="right">{count(masks)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Section>
  );
}

/** How far the same annotators' marks of the same points lie apart. */
export function Again({ report }: { report: Report }) {
  const { retest } = report;
  if (!retest) return <NotMeasured id="again" title="The same points twice" why={report.unmeasured.retest} />;
  return (
    <Section
      id="again"
      title="The same points twice"
      lead={`How well annotators agree with themselves, on ${points(retest.points)} that they were shown a second time without being told.`}
    >
      <Text maw={700}>
        First and second mark lie <b>{cm(retest.distance.value)}</b> apart on average
        {retest.distance.low !== null && ` (${cmInterval(retest.distance)} cm)`}. The error was {cm(retest.first.value)}{" "}
        the first time and {cm(retest.second.value)} the second; the two go together with a{" "}
        <Term of="correlation">correlation</Term> of {unitless(retest.correlation.value, 2)}.
      </Text>
    </Section>
  );
}

/** How large the next study must be. */
export function Planning({ report, studyId, version }: Props) {
  const { rows, says, own, most } = report.plan;
  const beyond = new Set(rows.filter(({ reachable }) => !reachable).map((row) => row.points_per_person));
  const differences = [...new Set(rows.map(({ difference }) => difference))].sort((a, b) => a - b);
  const sizes = [...new Set(rows.map(({ points_per_person }) => points_per_person))].sort((a, b) => a - b);
  const at = (size: number, difference: number) =>
    rows.find((row) => row.points_per_person === size && row.difference === difference)?.persons;
  return (
    <Section id="plan" title="Planning the next study" lead={says}>
      <Plot studyId={studyId} name="plan" version={version} alt={says} />
      <Text size="sm" c="dimmed">
        From the spread of {count(report.differences.length)} {report.differences.length === 1 ? "pair" : "pairs"} of
        annotators, {marks(report.marked)}.
        {beyond.size > 0 &&
          most !== null &&
          ` The settings of this study give at most ${points(most)} on a person; it takes more points a part for more.`}
      </Text>
      <div className={classes.card}>
        <Table verticalSpacing={6} horizontalSpacing="md" className="numbers" fz="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Persons needed, with so many points on each</Table.Th>
              {differences.map((difference) => (
                <Table.Th key={difference} ta="right">
                  apart by {Number((100 * difference).toFixed(1))} cm
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {sizes.map((size) => (
              <Table.Tr key={size}>
                <Table.Td fw={size === own ? 560 : 400}>
                  {points(size)}
                  {size === own && ", as here"}
                  {beyond.has(size) && (
                    <Text span size="sm" c="dimmed">
                      , more than this study's settings give
                    </Text>
                  )}
                </Table.Td>
                {differences.map((difference) => {
                  const needed = at(size, difference);
                  return (
                    <Table.Td key={difference} ta="right">
                      {needed === null || needed === undefined ? "–" : `${count(needed)} persons`}
                    </Table.Td>
                  );
                })}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Section>
  );
}

/** What the figures rest on, and where they end. */
export function Limits({ report }: { report: Report }) {
  const { floor, interpolation, notes } = report;
  return (
    <Section id="limits" title="How this was measured, and its limits">
      <ul className={classes.notes}>
        <li>
          An error is the shortest way along the body's surface from the true point to the marked one. The truth is
          known because the persons were rendered.
        </li>
        <li>
          The tool's own floor is {mm(floor.value)} ({points(floor.count)}): so far off would be someone who always
          clicked the pixel nearest to the true place.
        </li>
        {interpolation.measured !== null && interpolation.foretold !== null && (
          <li>
            Between the points errors are interpolated. Foretold from the other points, the error of{" "}
            {marks(interpolation.points)} is {cm(interpolation.foretold)} on average; measured it is{" "}
            {cm(interpolation.measured)}.
            {interpolation.correlation !== null &&
              ` Mark by mark the two go together with a correlation of ${unitless(interpolation.correlation, 2)} (1 is entirely, 0 not at all).`}
          </li>
        )}
        {notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
    </Section>
  );
}
