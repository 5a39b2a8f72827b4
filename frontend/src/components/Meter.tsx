import { Progress, Text } from "@mantine/core";
import classes from "./Meter.module.css";

export const count = (value: number) => value.toLocaleString("en");

/** 0..100, and 100 only when nothing is left. */
export function percent(value: number, of: number): number {
  if (of <= 0) return 0;
  return value >= of ? 100 : Math.min(Math.floor((100 * value) / of), 99);
}

/** One line: "Masks  ====------  12 of 40". */
export function Meter({ label, value, of }: { label: string; value: number; of: number }) {
  const share = percent(value, of);
  return (
    <div className={classes.meter}>
      <Text size="sm">{label}</Text>
      <Progress.Root size={6}>
        <Progress.Section
          value={share}
          color={share === 100 ? "var(--dm-good)" : "accent"}
          aria-label={`${label}: ${count(value)} of ${count(of)}`}
        />
      </Progress.Root>
      <Text size="sm" c="dimmed" ta="right" className="numbers">
        {count(value)} of {count(of)}
      </Text>
    </div>
  );
}
