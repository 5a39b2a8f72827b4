import { Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useState } from "react";
import { queries } from "../../api/queries";
import type { Body } from "../../api/types";
import { readMesh } from "../../bodies/mesh";
import { LoadingState } from "../../components/states";
import { useScheme } from "../../lib/useScheme";
import { partsOf } from "../../parts";
import { heatPictureUrl } from "../api";
import { cmInterval, cmNumber } from "../format";
import { studyQueries } from "../queries";
import type { Group, Report } from "../report";
import { IntervalCell } from "./IntervalCell";
import { inOrder, isUnder, nameOf } from "./order";
import classes from "./report.module.css";
import { Section, Term } from "./Section";

const HeatBody = lazy(() => import("./HeatBody"));

/** Where on the body the errors are: on the body itself, and part by part. */
export function Where({ report, studyId, version }: { report: Report; studyId: string; version: string }) {
  const body = useQuery({ ...queries.body(report.body_hash), retry: false });
  // Without 3D there is a picture, which needs the whole width.
  const [flat, setFlat] = useState(false);
  return (
    <Section
      id="where"
      title="Where on the body"
      lead={
        <>
          The <Term of="error">error</Term> at each place, from all annotators and persons. Yellow is far off, violet is
          near the truth; grey was shown by too few images to say.
        </>
      }
    >
      <div className={flat ? undefined : classes.where}>
        <Heat
          report={report}
          studyId={studyId}
          version={version}
          body={body.data}
          failed={flat || body.isError}
          onFlat={() => setFlat(true)}
        />
        <PartsTable groups={report.groups} body={body.data} />
      </div>
    </Section>
  );
}

interface HeatProps {
  report: Report;
  studyId: string;
  version: string;
  body: Body | undefined;
  failed: boolean;
  onFlat: () => void;
}

function Heat({ report, studyId, version, body, failed, onFlat }: HeatProps) {
  const scheme = useScheme();
  const mesh = useQuery({ ...queries.bodyMesh(report.body_hash), enabled: body !== undefined });
  const heat = useQuery(studyQueries.heat(studyId, version));
  const picture = heatPictureUrl(studyId, scheme, version);
  const alt = heatWords(report);
  const read = useMemo(() => body && mesh.data && readMesh(mesh.data, body.vertices, body.faces), [body, mesh.data]);
  if (failed || mesh.isError || heat.isError || (heat.data && body && heat.data.length !== body.vertices)) {
    return <img src={picture} alt={alt} className={classes.six} />;
  }
  if (!body || !read || !heat.data) return <LoadingState label="Loading the body" />;
  return (
    <div>
      <div className={classes.screen}>
        <Suspense fallback={<LoadingState label="Loading the body" />}>
          <HeatBody body={body} mesh={read} heat={heat.data} alt={alt} onFlat={onFlat} />
        </Suspense>
      </div>
      <img
        src={heatPictureUrl(studyId, "light", version)}
        alt={alt}
        className={`${classes.six} ${classes.paper}`}
        fetchPriority="low"
      />
    </div>
  );
}

/** The heat map in a sentence: the worst and the best part. */
function heatWords({ groups, body }: Report): string {
  const parts = groups
    .filter(({ kind, mean }) => kind === "part" && mean.value !== null)
    .sort((a, b) => (b.mean.value as number) - (a.mean.value as number));
  const [worst, best] = [parts[0], parts.at(-1)];
  if (!worst || !best) return `${body} coloured by error.`;
  const said = (group: Group) => `${nameOf(group).toLowerCase()} ${cmNumber(group.mean.value)} cm`;
  return `${body} in 3D coloured by error. Largest on average: ${said(worst)}; smallest: ${said(best)}.`;
}

/** Mean, median and 90th percentile of all, of groups of parts, and of each part. */
export function PartsTable({
  groups,
  body,
  compact = false,
}: {
  groups: readonly Group[];
  body?: Body | undefined;
  compact?: boolean;
}) {
  const colours = body ? new Map(partsOf(body).all.map(({ label, colour }) => [label, colour])) : null;
  const top = 1.05 * Math.max(...groups.map(({ mean }) => mean.high ?? mean.value ?? 0), 0.01);
  const rows = inOrder(groups);
  return (
    <div className={classes.card}>
      <Table verticalSpacing={compact ? 4 : 6} horizontalSpacing={compact ? "sm" : "xs"} className="numbers" fz="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Part</Table.Th>
            <Table.Th ta="right">Mean, cm</Table.Th>
            <Table.Th w="30%">
              <Term of="interval">95% interval</Term>
            </Table.Th>
            <Table.Th ta="right">
              <Term of="median">Median</Term>
            </Table.Th>
            <Table.Th ta="right">
              <Term of="p90">90%</Term>
            </Table.Th>
            <Table.Th ta="right">Marks</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((group) => (
            <Table.Tr
              key={`${group.kind} ${group.name}`}
              className={group.kind === "all" ? classes.strong : isUnder(group, rows) ? "" : classes.group}
            >
              <Table.Td className={isUnder(group, rows) ? classes.indent : ""}>
                {group.label !== null && (
                  <span
                    className={classes.swatch}
                    style={{ background: colours?.get(group.label) ?? "var(--dm-line)" }}
                    aria-hidden
                  />
                )}
                {nameOf(group)}
              </Table.Td>
              <Table.Td ta="right">{cmNumber(group.mean.value)}</Table.Td>
              <IntervalCell figure={group.mean} top={top} words={cmInterval(group.mean)} />
              <Table.Td ta="right">{cmNumber(group.median.value)}</Table.Td>
              <Table.Td ta="right">{cmNumber(group.p90.value)}</Table.Td>
              <Table.Td ta="right">
                <Text size="sm" c="dimmed" inherit>
                  {group.points.toLocaleString("en")}
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
