import { Button, Group, Progress, Text } from "@mantine/core";
import type { Geodesics } from "../api/types";
import { percent } from "../components/Meter";

/** Where the distances come from, and how far the body's table is. */
export function GeodesicNote(props: { state: Geodesics | undefined; exact: boolean | undefined; onClear: () => void }) {
  const { state, exact, onClear } = props;
  return (
    <div data-testid="geodesic-note">
      <Group justify="space-between" wrap="nowrap" gap={6}>
        <Text size="xs" c="dimmed">
          {words(state, exact)}
        </Text>
        <Button size="compact-xs" variant="default" onClick={onClear} style={{ flex: "none" }}>
          Clear
        </Button>
      </Group>
      {state?.state === "building" && (
        <Progress
          mt={4}
          size={4}
          value={percent(state.done, state.total)}
          aria-label="How far the table of distances is"
        />
      )}
    </div>
  );
}

function words(state: Geodesics | undefined, exact: boolean | undefined): string {
  const source = exact === undefined ? "Measuring" : exact ? "Exact from this point" : "From the body's table";
  if (state?.state === "building") return `${source}; table building ${percent(state.done, state.total)} %`;
  if (state?.state === "failed") return `${source}; the table could not be built: ${state.error}`;
  return source;
}
