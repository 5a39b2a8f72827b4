import { useQuery } from "@tanstack/react-query";
import { queries } from "../api/queries";
import { Restricted } from "../components/Restricted";
import { ErrorState, LoadingState } from "../components/states";
import { datasetQueries } from "../datasets/queries";
import { SnapshotForm } from "../datasets/SnapshotForm";
import { useCurrentProject } from "./ProjectLayout";

/** Asks for a snapshot, on one page. */
export default function DatasetNewPage() {
  const project = useCurrentProject();
  const may = project.can.export;
  const leads = project.can.manage;
  const snapshots = useQuery({ ...datasetQueries.ofProject(project.id), enabled: may });
  const members = useQuery({ ...queries.members(project.id), enabled: may && leads });
  const users = useQuery({ ...queries.users(), enabled: may && leads });
  if (!may) {
    return (
      <Restricted
        title="Only project leads, engineers and administrators make snapshots"
        to={`/projects/${project.id}`}
        back="Go to the overview"
      />
    );
  }
  const people = members.data && users.data ? { members: members.data, users: users.data } : null;
  if (snapshots.data && (people || !leads)) {
    const taken = snapshots.data.items.filter(({ state }) => state !== "failed").map(({ name }) => name);
    return <SnapshotForm project={project} taken={taken} people={people} />;
  }
  const failed = snapshots.error ?? members.error ?? users.error;
  if (!failed) return <LoadingState label="Loading the project's snapshots and people" />;
  return (
    <ErrorState
      error={failed}
      retry={() => {
        for (const query of [snapshots, members, users]) if (query.isError) void query.refetch();
      }}
    />
  );
}
