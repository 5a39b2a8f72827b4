import { Alert, Anchor, Badge, Code, Group, Paper, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconStretching } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { queries } from "../api/queries";
import type { BodySummary } from "../api/types";
import { BodyPicture } from "../bodies/BodyPicture";
import { count } from "../components/Meter";
import { Page } from "../components/Page";
import { EmptyState, ErrorState, LoadingState } from "../components/states";
import classes from "../projects/projects.module.css";

/** All bodies that this server has. */
export default function BodiesPage() {
  const bodies = useQuery(queries.bodies());
  return (
    <Page title="Bodies">
      <Title order={1} mb={4}>
        Bodies
      </Title>
      <Text c="dimmed" mb="lg" maw={720}>
        The surfaces that photos are annotated against. Engineers add more with <Code>densemark body build</Code>.
      </Text>
      {bodies.isPending && <LoadingState />}
      {bodies.isError && !bodies.data && <ErrorState error={bodies.error} retry={() => bodies.refetch()} />}
      {bodies.data?.items.length === 0 && (
        <EmptyState icon={<IconStretching size={36} stroke={1.4} />} title="No bodies here">
          The server has not found a single body file.
        </EmptyState>
      )}
      {bodies.data?.damaged.map(({ file, problem }) => (
        <Alert key={file} color="yellow" variant="light" mb="sm" icon={<IconAlertTriangle size={18} aria-hidden />}>
          {file} is no body: {problem}
        </Alert>
      ))}
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="md" component="ul" className={classes.list}>
        {bodies.data?.items.map((body) => (
          <BodyCard key={body.hash} body={body} />
        ))}
      </SimpleGrid>
    </Page>
  );
}

function BodyCard({ body }: { body: BodySummary }) {
  return (
    <Paper component="li" className={classes.row} bg="var(--dm-surface)">
      <BodyPicture hash={body.hash} height={240} />
      <Stack gap={2} p="md">
        <Group gap={8}>
          <Anchor component={Link} to={`/bodies/${body.hash}`} className={classes.rowLink} c="bright" fw={600}>
            {body.name}
          </Anchor>
          {!body.current && (
            <Badge size="sm" variant="default">
              older
            </Badge>
          )}
        </Group>
        <Text size="sm" c="dimmed" className="numbers">
          {count(body.parts)} {body.parts === 1 ? "part" : "parts"}, {count(body.charts)}{" "}
          {body.charts === 1 ? "chart" : "charts"}, {count(body.faces)} triangles
        </Text>
        <Text size="xs" c="dimmed">
          {body.symmetric ? "Symmetric" : "Not symmetric"} · <span title={body.hash}>{body.hash.slice(0, 12)}</span>
        </Text>
      </Stack>
    </Paper>
  );
}
