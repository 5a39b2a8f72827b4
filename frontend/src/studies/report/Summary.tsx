import { Alert } from "@mantine/core";
import { count } from "../../components/Meter";
import { cm, cmInterval, marks, mm, persons, points, rate, rateBasis, share, unitless } from "../format";
import type { Report } from "../report";
import classes from "./report.module.css";
import { Section, Term } from "./Section";

const part = (report: Report, kind: string) => report.groups.find((group) => group.kind === kind);

/** What there is to say, in sentences and in the figures that are looked for first. */
export function Summary({ report }: { report: Report }) {
  const all = part(report, "all");
  const ours = report.curves.find(({ source }) => source === "annotators");
  const human = report.published[0];
  const { simulated } = report;
  return (
    <Section id="short" title="In short">
      {simulated.length > 0 && (
        <Alert variant="light" color="yellow" p="sm" role="note">
          {simulated.length === report.annotators
            ? "All annotators of this study are programs, not people."
            : `${simulated.join(", ")}: ${simulated.length === 1 ? "a program, no person" : "programs, not people"}.`}
        </Alert>
      )}
      <ul className={classes.says}>
        {report.says.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      <dl className={classes.tiles}>
        {all && (
          <>
            <Tile
              title={<Term of="error">Mean error</Term>}
              value={cm(report.here.value)}
              note={`${cmInterval(report.here)} cm for these annotators${report.annotators > 1 ? `, ${cmInterval(all.mean)} for others` : ""}; ${marks(all.mean.count)}`}
            />
            <Tile
              title={<Term of="median">Median error</Term>}
              value={cm(all.median.value)}
              note={`${cmInterval(all.median)} cm, ${marks(all.median.count)}`}
            />
            <Tile
              title={<Term of="surface">Over the seen surface</Term>}
              value={cm(all.surface_mean.value)}
              note={`${cmInterval(all.surface_mean)} cm, ${persons(report.persons)}${report.covered === null ? "" : `, ${share(report.covered)} of the surface`}`}
            />
          </>
        )}
        {ours && (
          <Tile
            title={<Term of="auc">AUC10, AUC30</Term>}
            value={`${unitless(ours.auc10.value)}, ${unitless(ours.auc30.value)}`}
            note={`${marks(ours.auc10.count)}${human ? `; paper's annotators ${unitless(human.auc10)}, ${unitless(human.auc30)}` : ""}`}
          />
        )}
        <Tile
          title={<Term of="leftRight">Left and right swapped</Term>}
          value={rate(report.left_right)}
          note={`${rateBasis(report.left_right)} of the marks that can tell`}
        />
        <Tile
          title={<Term of="frontBack">Front and back swapped</Term>}
          value={rate(report.front_back)}
          note={`${rateBasis(report.front_back)} of the marks that can tell`}
        />
        <Tile
          title="Points given out"
          value={count(report.distinct_points)}
          note={`shown ${count(report.points)} times: ${count(report.marked)} marked, ${count(report.flagged)} flagged, ${count(report.outside)} beside the person`}
        />
        <Tile
          title="The tool's own floor"
          value={mm(report.floor.value)}
          note={`a perfect clicker, ${points(report.floor.count)}`}
        />
      </dl>
    </Section>
  );
}

function Tile({ title, value, note }: { title: React.ReactNode; value: string; note: string }) {
  return (
    <div className={classes.tile}>
      <dt>{title}</dt>
      <dd className={classes.value}>{value}</dd>
      <dd className={classes.note}>{note}</dd>
    </div>
  );
}
