import { Button, Center, Kbd } from "@mantine/core";
import { IconArrowsExchange } from "@tabler/icons-react";
import { useParams } from "react-router";
import { useMe } from "@/api/queries";
import { EmptyState, LoadingState } from "@/components/states";
import { useJournal } from "./journal/useJournal";
import { TaskWork } from "./TaskWork";

/** The annotation page: one person, masks first, then points. */
export default function WorkspacePage() {
  const { taskId = "" } = useParams();
  const { user } = useMe();
  const { journal, taken } = useJournal(user.id);
  if (taken) return <TakenOver />;
  if (!journal) {
    return (
      <Center h="100dvh">
        <LoadingState />
      </Center>
    );
  }
  return <TaskWork key={taskId} taskId={taskId} user={user} journal={journal} />;
}

/** Two pages that write the same work would race; the one opened last goes on. */
function TakenOver() {
  return (
    <Center h="100dvh">
      <EmptyState
        icon={<IconArrowsExchange size={32} stroke={1.5} />}
        title="You went on in another tab"
        action={
          <Button onClick={() => window.location.reload()} autoFocus rightSection={<Kbd size="xs">Enter</Kbd>}>
            Go on here
          </Button>
        }
      >
        Everything done here is kept. To go on in this tab, take the work back.
      </EmptyState>
    </Center>
  );
}
