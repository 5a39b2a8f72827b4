import { Text } from "@mantine/core";
import { count } from "../components/Meter";
import { estimate, type Outline, PRACTICE_POINTS, rounded, SECONDS_PER_MASK, SECONDS_PER_POINT } from "./estimate";
import { duration } from "./format";
import classes from "./setup.module.css";

/** What a study asks of its annotators, and what that is reckoned from. */
export function StudyCost({ outline }: { outline: Outline }) {
  const { annotators, persons, masks, measured: pace = null } = outline;
  const cost = estimate(outline);
  return (
    <>
      <Text fw={600} c="bright" aria-live="polite">
        {count(annotators)} {annotators === 1 ? "annotator" : "annotators"} × {count(persons)}{" "}
        {persons === 1 ? "person" : "persons"}
      </Text>
      <dl className={classes.facts}>
        <dt>Points a person</dt>
        <dd className="numbers">about {count(rounded(cost.pointsPerPerson))}</dd>
        <dt>Persons each</dt>
        <dd className="numbers">{count(cost.personsEach)}</dd>
        <dt>Time each</dt>
        <dd className="numbers">about {duration(cost.secondsEach)}</dd>
        <dt>Points in all</dt>
        <dd className="numbers">about {count(rounded(cost.points))}</dd>
      </dl>
      <Text size="xs" c="dimmed">
        {pace === null
          ? `Assumed: ${SECONDS_PER_POINT} seconds for a point`
          : `As measured in this project: ${pace.toFixed(pace < 10 ? 1 : 0)} seconds for a point`}
        {masks === "drawn" && `; assumed: ${duration(SECONDS_PER_MASK)} for a person's masks`}; and four of five parts
        seen on each person. Practice, at most {PRACTICE_POINTS} points a part, and second times are included.
      </Text>
      <Text size="xs" c="dimmed">
        To make it shorter, ask for fewer points first. Half the points or half the persons take half the time; the
        intervals in the report get 1.4 times as wide with half the persons, and with half the points at most so.
      </Text>
    </>
  );
}
