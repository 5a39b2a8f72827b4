import { Paper, Stack, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { count } from "../components/Meter";
import { ErrorState } from "../components/states";
import { when } from "../studies/format";
import { datasetQueries } from "./queries";

/** Photos that were withdrawn from a project; nothing where there are none. */
export function Withdrawals({ projectId }: { projectId: string }) {
  const withdrawals = useQuery(datasetQueries.withdrawals(projectId));
  if (withdrawals.isError && !withdrawals.data) {
    return (
      <ErrorState
        title="The withdrawn photos could not be loaded"
        error={withdrawals.error}
        retry={() => withdrawals.refetch()}
      />
    );
  }
  const items = withdrawals.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <section aria-labelledby="withdrawn-title">
      <Stack gap="sm">
        <div>
          <Title order={2} id="withdrawn-title">
            Withdrawn photos
          </Title>
          <Text c="dimmed" maw={700} mt={2}>
            Erased with everything made on them, and refused should they come again. Snapshots made before are affected:
            their downloads leave these photos out.
          </Text>
        </div>
        <Paper bg="var(--dm-surface)" style={{ overflow: "hidden" }}>
          <Table verticalSpacing="sm" horizontalSpacing="lg">
            <Table.Thead>
              <Table.Tr>
                <Table.Th w={210}>Withdrawn</Table.Th>
                <Table.Th>Reason</Table.Th>
                <Table.Th ta="right">Persons in it</Table.Th>
                <Table.Th ta="right">Snapshots affected</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody className="numbers">
              {items.map((one) => (
                <Table.Tr key={one.id}>
                  <Table.Td>{when(one.created_at)}</Table.Td>
                  <Table.Td style={{ overflowWrap: "anywhere" }}>
                    {one.reason || (
                      <Text span size="sm" c="dimmed">
                        none was given
                      </Text>
                    )}
                  </Table.Td>
                  <Table.Td ta="right">{count(one.persons)}</Table.Td>
                  <Table.Td ta="right">{count(one.snapshots)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Paper>
      </Stack>
    </section>
  );
}
