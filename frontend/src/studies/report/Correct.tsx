import { Table, Text } from "@mantine/core";
import { marks, unitless } from "../format";
import type { Curve, Figure, Report } from "../report";
import classes from "./report.module.css";
import { Numbers, Plot, Section, Term } from "./Section";

const AT = [0.02, 0.05, 0.1, 0.2, 0.3];

/** The share of points within a distance, as a curve, beside what the paper tells of others. */
export function Correct({ report, studyId, version }: { report: Report; studyId: string; version: string }) {
  const whole = report.curves.filter(({ source }) => source !== "annotator");
  const each = report.curves.filter(({ source }) => source === "annotator");
  return (
    <Section
      id="correct"
      title="Share of correct points"
      lead={
        <>
          How many marks lie within a given distance of the truth. The areas under the curve up to 10 and 30 cm,{" "}
          <Term of="auc">AUC10 and AUC30</Term>, make it comparable with published figures.
        </>
      }
    >
      <Plot studyId={studyId} name="curve" version={version} alt={curveWords(report)} />
      <div className={classes.card}>
        <Table verticalSpacing={6} horizontalSpacing="md" className="numbers" fz="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Who</Table.Th>
              <Table.Th ta="right">AUC10</Table.Th>
              <Table.Th ta="right">AUC30</Table.Th>
              <Table.Th>Rests on</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {whole.map((curve) => (
              <Table.Tr
                key={`${curve.source} ${curve.name}`}
                className={curve.source === "annotators" ? classes.strong : ""}
              >
                <Table.Td>{curveName(curve)}</Table.Td>
                <Auc of={curve.auc10} />
                <Auc of={curve.auc30} />
                <Table.Td>{marks(curve.auc10.count)}</Table.Td>
              </Table.Tr>
            ))}
            {report.published.map((other) => (
              <Table.Tr key={other.name}>
                <Table.Td>{other.name}</Table.Td>
                <Table.Td ta="right">{unitless(other.auc10)}</Table.Td>
                <Table.Td ta="right">{unitless(other.auc30)}</Table.Td>
                <Table.Td className={classes.wraps}>
                  <Text size="sm" c="dimmed">
                    {other.citation}
                  </Text>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      <Numbers title="The curve in numbers, and each annotator's">
        <div className={classes.card}>
          <Table verticalSpacing={4} horizontalSpacing="md" className="numbers" fz="sm">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Within</Table.Th>
                {AT.map((at) => (
                  <Table.Th key={at} ta="right">
                    {100 * at} cm
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {[...whole, ...each].map((curve) => (
                <Table.Tr key={`${curve.source} ${curve.name}`}>
                  <Table.Td>{curveName(curve)}</Table.Td>
                  {AT.map((at) => (
                    <Table.Td key={at} ta="right">
                      {ratioAt(curve, at) === null ? "–" : `${Math.round(100 * (ratioAt(curve, at) as number))}%`}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      </Numbers>
    </Section>
  );
}

function Auc({ of }: { of: Figure }) {
  return (
    <Table.Td ta="right">
      {unitless(of.value)}{" "}
      {of.low !== null && of.high !== null && (
        <Text span size="xs" c="dimmed" fw={400}>
          {unitless(of.low)} to {unitless(of.high)}
        </Text>
      )}
    </Table.Td>
  );
}

const NAMES: Partial<Record<Curve["source"], string>> = {
  annotators: "Annotators of this study",
  floor: "A perfect clicker with this tool",
};

const curveName = (curve: Curve) => NAMES[curve.source] ?? curve.name;

/** The share of points within a distance; null beyond the curve. */
export function ratioAt({ thresholds, ratio }: Curve, metres: number): number | null {
  const at = thresholds.findIndex((threshold) => threshold >= metres - 1e-9);
  if (at < 0) return null;
  const [above, high] = [thresholds[at] as number, ratio[at] as number];
  if (at === 0 || Math.abs(above - metres) < 1e-9) return high;
  const [below, low] = [thresholds[at - 1] as number, ratio[at - 1] as number];
  return low + ((metres - below) / (above - below)) * (high - low);
}

function curveWords(report: Report): string {
  const ours = report.curves.find(({ source }) => source === "annotators");
  if (!ours) return "Share of points within a distance of the truth, by that distance.";
  const at = (metres: number) => Math.round(100 * (ratioAt(ours, metres) ?? 0));
  return `Share of points within a distance of the truth: ${at(0.05)}% within 5 cm, ${at(0.1)}% within 10 cm, ${at(0.3)}% within 30 cm.`;
}
