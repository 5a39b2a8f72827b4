import { Button, Paper, Stack, Text } from "@mantine/core";
import classes from "./PhotoProblem.module.css";

/** The photo did not load; the work goes on when it does. */
export function PhotoProblem({ name, retry }: { name: string; retry: () => void }) {
  return (
    <div className={classes.cover}>
      <Paper p="lg" shadow="sm" role="alert">
        <Stack align="center" gap="sm">
          <Text size="sm">{name} did not load.</Text>
          <Button variant="default" size="xs" onClick={retry}>
            Try again
          </Button>
        </Stack>
      </Paper>
    </div>
  );
}
