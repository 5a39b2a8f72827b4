import { Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { IconTarget } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { Meter } from "../components/Meter";
import { studyQueries } from "./queries";
import type { MyStudy } from "./types";

/** What waits for the viewer in open accuracy studies; nothing when nothing does. */
export function MyStudies({ projectId }: { projectId?: string }) {
  const mine = useQuery(studyQueries.mine());
  const waiting = (mine.data?.items ?? []).filter(
    (study) => study.next !== null && (projectId === undefined || study.project_id === projectId),
  );
  if (waiting.length === 0) return null;
  return (
    <Stack gap="sm" component="section" aria-label="Accuracy studies">
      {waiting.map((study) => (
        <Paper key={study.id} bg="var(--dm-surface)" p="lg" data-testid="my-study">
          <Group justify="space-between" gap="xl">
            <Group gap="md" wrap="nowrap" flex={1} miw={280}>
              <IconTarget size={26} stroke={1.5} aria-hidden style={{ flex: "none" }} />
              <Stack gap={2} flex={1}>
                <Title order={2}>{study.name}</Title>
                <Text size="sm" c="dimmed">
                  {leftWords(study)}
                  {study.description && ` ${study.description}`}
                </Text>
              </Stack>
            </Group>
            {study.done > 0 && (
              <div style={{ flex: "1 1 16rem", maxWidth: "24rem" }}>
                <Meter label="Handed in" value={study.done} of={study.total} />
              </div>
            )}
            <Button component={Link} to={`/studies/${study.id}/work`}>
              {study.done > 0 || study.practice_left < study.practice ? "Continue" : "Start"}
            </Button>
          </Group>
        </Paper>
      ))}
    </Stack>
  );
}

/** "Accuracy study: 12 of 30 left." */
export function leftWords({ done, total, practice_left }: MyStudy): string {
  const left = `Accuracy study: ${total - done} of ${total} left`;
  if (practice_left === 0) return `${left}.`;
  return `${left}, after ${practice_left} for practice.`;
}
