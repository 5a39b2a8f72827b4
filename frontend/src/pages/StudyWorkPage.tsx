import { Button, Center, Kbd } from "@mantine/core";
import { IconClock, IconHeartHandshake } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { messageOf } from "../api/error";
import { EmptyState, ErrorState, LoadingState } from "../components/states";
import { getMine, nextStudyTask } from "../studies/api";
import type { MyStudy } from "../studies/types";
import { BareTopBar } from "../workspace/TopBar";

/** An annotator's way into a study: leads to the next person; tells when all are done. */
export default function StudyWorkPage() {
  const { studyId = "" } = useParams();
  const navigate = useNavigate();
  const client = useQueryClient();
  const next = useQuery({
    queryKey: ["work", "study", studyId],
    queryFn: async ({ signal }) => {
      const mine = await getMine(studyId, { signal });
      const task = mine.state === "open" ? await nextStudyTask(studyId) : undefined;
      return { mine, task: task ?? null };
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  const task = next.data?.task;
  useEffect(() => {
    if (!task) return;
    client.setQueryData(["work", task.id], task);
    navigate(`/annotate/${task.id}`, { replace: true });
  }, [client, navigate, task]);
  if (next.error) {
    return (
      <Alone>
        <ErrorState page error={next.error} title={messageOf(next.error)} retry={() => next.refetch()} />
      </Alone>
    );
  }
  if (!next.data || task) return <LoadingState label="Opening the next person" />;
  return (
    <Alone>
      {next.data.mine.state === "open" ? <ThankYou mine={next.data.mine} /> : <NotOpen mine={next.data.mine} />}
    </Alone>
  );
}

function Alone({ children }: { children: React.ReactNode }) {
  return (
    <div>
      <BareTopBar />
      <Center component="main" mih="calc(100dvh - 48px)">
        {children}
      </Center>
    </div>
  );
}

function ThankYou({ mine }: { mine: MyStudy }) {
  return (
    <EmptyState
      page
      icon={<IconHeartHandshake size={44} stroke={1.4} />}
      title="You have done them all. Thank you"
      action={
        <Button component={Link} to="/projects" autoFocus rightSection={<Kbd size="xs">Enter</Kbd>}>
          To the projects
        </Button>
      }
    >
      All {mine.total} persons of “{mine.name}” are handed in. The project lead sees the result in the study's report;
      there is nothing more for you to do.
    </EmptyState>
  );
}

function NotOpen({ mine }: { mine: MyStudy }) {
  return (
    <EmptyState
      page
      icon={<IconClock size={36} stroke={1.4} />}
      title={mine.state === "closed" ? "This study is closed" : "This study has not begun"}
      action={
        <Button component={Link} to="/projects">
          To the projects
        </Button>
      }
    >
      {mine.state === "closed"
        ? `“${mine.name}” takes no more marks. What you did is kept. Thank you.`
        : `“${mine.name}” appears on your start page as soon as the project lead opens it.`}
    </EmptyState>
  );
}
