import { useQuery } from "@tanstack/react-query";
import { queries } from "../api/queries";
import { Restricted } from "../components/Restricted";
import { ErrorState, LoadingState } from "../components/states";
import { StudyForm } from "../studies/StudyForm";
import { renderedPersons } from "../studies/usePersons";
import { useCurrentProject } from "./ProjectLayout";

/** Sets up a study, on one page. */
export default function NewStudyPage() {
  const project = useCurrentProject();
  const may = project.can.manage;
  const body = useQuery({ ...queries.body(project.body.hash), enabled: may });
  const members = useQuery({ ...queries.members(project.id), enabled: may });
  const users = useQuery({ ...queries.users(), enabled: may });
  const present = useQuery({ ...renderedPersons(project.id), enabled: may });
  if (!may) {
    return (
      <Restricted
        title="Only project leads and administrators set up studies"
        to={`/projects/${project.id}`}
        back="Go to the overview"
      />
    );
  }
  const failed = body.error ?? members.error ?? users.error ?? present.error;
  if (body.data && members.data && users.data && present.data) {
    return (
      <StudyForm project={project} body={body.data} members={members.data} users={users.data} present={present.data} />
    );
  }
  if (!failed) return <LoadingState label="Loading the project's persons and people" />;
  return (
    <ErrorState
      error={failed}
      retry={() => {
        for (const query of [body, members, users, present]) if (query.isError) void query.refetch();
      }}
    />
  );
}
