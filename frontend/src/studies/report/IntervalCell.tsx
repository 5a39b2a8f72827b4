import { Table } from "@mantine/core";
import { IntervalBar } from "../IntervalBar";
import type { Figure } from "../report";
import classes from "./report.module.css";

interface Props {
  figure: Figure;
  /** The end of the bar. */
  top: number;
  /** The interval in words. */
  words: string;
}

/** A cell of a table: a figure as a bar with its 95% interval, and the interval's numbers. */
export function IntervalCell({ figure, top, words }: Props) {
  return (
    <Table.Td>
      <div className={classes.interval}>
        <IntervalBar figure={figure} top={top} />
        <span>{words}</span>
      </div>
    </Table.Td>
  );
}
