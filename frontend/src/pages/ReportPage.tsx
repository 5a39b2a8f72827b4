import { Anchor, Button, Group, Stack, Text, Title } from "@mantine/core";
import { IconDownload, IconFileAnalytics } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "react-router";
import { count } from "../components/Meter";
import { Page } from "../components/Page";
import { EmptyState, ErrorState, LoadingState } from "../components/states";
import { reportFileUrl } from "../studies/api";
import { persons, when } from "../studies/format";
import { studyQueries } from "../studies/queries";
import { StaleNotice } from "../studies/ReportPanel";
import type { Report } from "../studies/report";
import { Annotators } from "../studies/report/Annotators";
import { Contents } from "../studies/report/Contents";
import { Correct } from "../studies/report/Correct";
import { Differences } from "../studies/report/Differences";
import { Again, Limits, Masks, Planning, SharesOfError, Trends } from "../studies/report/More";
import classes from "../studies/report/report.module.css";
import { Summary } from "../studies/report/Summary";
import { useLightPrint } from "../studies/report/useLightPrint";
import { Where } from "../studies/report/Where";

/** What a study has found. */
export default function ReportPage() {
  const { studyId = "" } = useParams();
  const status = useQuery(studyQueries.report(studyId));
  if (status.data?.report && status.data.computed_at) {
    return <Loaded studyId={studyId} report={status.data.report} computedAt={status.data.computed_at} />;
  }
  if (status.isError) return <ErrorState page error={status.error} retry={() => status.refetch()} />;
  if (!status.data) return <LoadingState label="Loading the report" />;
  return (
    <Page title="Report">
      <EmptyState
        page
        icon={<IconFileAnalytics size={36} stroke={1.4} />}
        title="There is no report yet"
        action={
          <Button component={Link} to={`/studies/${studyId}`}>
            To the study
          </Button>
        }
      >
        It is made on the study's page, as soon as somebody has handed in a person.
      </EmptyState>
    </Page>
  );
}

function Loaded({ studyId, report, computedAt }: { studyId: string; report: Report; computedAt: string }) {
  const at = { report, studyId, version: computedAt };
  useLightPrint();
  const several = report.by_annotator.length > 1;
  const contents: [id: string, title: string][] = [
    ["short", "In short"],
    ["where", "Where on the body"],
    ["correct", "Correct points"],
    ["annotators", "Annotators"],
    ...(several ? ([["differences", "Differences"]] as [string, string][]) : []),
    ["trends", "Time, angle, order"],
    ["shares", "Sources of error"],
    ["masks", "Masks"],
    ["again", "Shown twice"],
    ["plan", "The next study"],
    ["limits", "Method and limits"],
  ];
  return (
    <Page title={`Report of ${report.title}`} maw={1240}>
      <Group justify="space-between" align="flex-end" mb="xl">
        <Stack gap={2}>
          <Anchor component={Link} to={`/studies/${studyId}`} size="sm" w="fit-content">
            {report.title}
          </Anchor>
          <Title order={1}>How accurate are the annotators?</Title>
          <Text c="dimmed" size="sm" className="numbers">
            {count(report.annotators)} {report.annotators === 1 ? "annotator" : "annotators"}, {persons(report.persons)}
            , {count(report.marked)} marks on the body {report.body}. Made {when(computedAt)}.
          </Text>
        </Stack>
        <Group gap="xs" className={classes.screen}>
          {(["pdf", "csv", "json"] as const).map((kind) => (
            <Button
              key={kind}
              component="a"
              href={reportFileUrl(studyId, kind)}
              download
              variant={kind === "pdf" ? "filled" : "default"}
              leftSection={kind === "pdf" && <IconDownload size={18} />}
            >
              {kind.toUpperCase()}
            </Button>
          ))}
        </Group>
      </Group>
      <div className={classes.page}>
        <Contents items={contents} />
        <Stack gap={56}>
          <div className={classes.notice}>
            <StaleNotice studyId={studyId} />
          </div>
          <Summary report={report} />
          <Where {...at} />
          <Correct {...at} />
          <Annotators report={report} />
          {several && <Differences {...at} />}
          <Trends {...at} />
          <SharesOfError {...at} />
          <Masks report={report} />
          <Again report={report} />
          <Planning {...at} />
          <Limits report={report} />
        </Stack>
      </div>
    </Page>
  );
}
