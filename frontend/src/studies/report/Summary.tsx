import { Alert, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { count } from "../../components/Meter";
import { cm, cmInterval, marks, mm, NONE, persons, points, rate, share, shareInterval, unitless } from "../format";
import type { Figure, Rate, Report } from "../report";
import classes from "./report.module.css";
import { Section, Term } from "./Section";

const part = (report: Report, kind: string) => report.groups.find((group) => group.kind === kind);

/** What there is to say, in sentences and in the figures that are looked for first. */
export function Summary({ report }: { report: Report }) {
  const all = part(report, "all");
  const ours = report.curves.find(({ source }) => source === "annotators");
  const human = report.published[0];
  const { simulated } = report;
  const [headline, ...rest] = report.says;
  const several = report.annotators > 1;
  return (
    <Section id="short" title="In short">
      {simulated.length > 0 && (
        <Alert variant="light" color="yellow" p="sm" role="note">
          {simulated.length === report.annotators
            ? "All annotators of this study are programs, not people."
            : `${simulated.join(", ")}: ${simulated.length === 1 ? "a program, no person" : "programs, not people"}.`}
        </Alert>
      )}
      <p className={classes.headline}>{headline}</p>
      <dl className={classes.tiles}>
        {all && (
          <>
            <Tile
              title={<Term of="error">Mean error</Term>}
              value={cm(report.here.value)}
              notes={[
                told(report.here, several ? "these annotators" : ""),
                several ? told(all.mean, "others like these") : "",
                marks(all.mean.count),
              ]}
            />
            <Tile
              title={<Term of="median">Median error</Term>}
              value={cm(all.median.value)}
              notes={[told(all.median, several ? "others like these" : ""), marks(all.median.count)]}
            />
            <Tile
              title={<Term of="surface">Over the seen surface</Term>}
              value={cm(all.surface_mean.value)}
              notes={[
                told(all.surface_mean, several ? "others like these" : ""),
                `${persons(report.persons)}${report.covered === null ? "" : `, ${share(report.covered)} of the surface`}`,
              ]}
            />
          </>
        )}
        {ours && (
          <Tile
            title={<Term of="auc">AUC10, AUC30</Term>}
            value={`${unitless(ours.auc10.value)}, ${unitless(ours.auc30.value)}`}
            notes={[
              human ? `paper's annotators ${unitless(human.auc10)}, ${unitless(human.auc30)}` : "",
              marks(ours.auc10.count),
            ]}
          />
        )}
        <Tile
          title={<Term of="leftRight">Left and right swapped</Term>}
          value={rate(report.left_right)}
          notes={swapNotes(report.left_right)}
        />
        <Tile
          title={<Term of="frontBack">Front and back swapped</Term>}
          value={rate(report.front_back)}
          notes={swapNotes(report.front_back)}
        />
        <Tile
          title="Points given out"
          value={count(report.distinct_points)}
          notes={[
            `shown ${count(report.points)} times: ${count(report.marked)} marked, ${count(report.flagged)} flagged${report.outside > 0 ? `, ${count(report.outside)} beside the person` : ""}`,
          ]}
        />
        <Tile
          title="The tool's own floor"
          value={mm(report.floor.value)}
          notes={["so far off is a perfect clicker", points(report.floor.count)]}
        />
      </dl>
      <Text size="xs" c="dimmed">
        Ranges are <Term of="interval">95% intervals</Term>
        {several && ": for these annotators on other pictures, or for others like these"}.
      </Text>
      <ul className={classes.says}>
        {rest.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </Section>
  );
}

/** "1.8 to 6.2, others like these"; empty where there is no interval. */
function told(figure: Figure, whom: string): string {
  const interval = cmInterval(figure);
  return interval === NONE ? "" : `${interval}${whom ? `, ${whom}` : " cm"}`;
}

function swapNotes(of: Rate): string[] {
  const interval = shareInterval(of);
  return [`${count(of.count)} of ${count(of.of)} marks that can tell`, interval === NONE ? "" : interval];
}

function Tile({ title, value, notes }: { title: ReactNode; value: string; notes: string[] }) {
  return (
    <div className={classes.tile}>
      <dt>{title}</dt>
      <dd className={classes.value}>{value}</dd>
      {notes.filter(Boolean).map((note) => (
        <dd key={note} className={classes.note}>
          {note}
        </dd>
      ))}
    </div>
  );
}
