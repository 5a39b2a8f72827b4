import {
  ActionIcon,
  Box,
  Button,
  CloseButton,
  Group,
  Paper,
  Progress,
  SegmentedControl,
  Stack,
  Text,
  Tooltip,
} from "@mantine/core";
import { IconChevronDown, IconChevronUp } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { queries } from "../api/queries";
import { count, percent } from "../components/Meter";
import { formatBytes } from "./files";
import { countOf, type Outcome, type Row, refusedFiles, type UploadState } from "./queue";
import classes from "./UploadPanel.module.css";
import { uploads, useUploads } from "./uploads";

const LABELS: Record<Outcome, string> = {
  refused: "Refused",
  failed: "Not sent",
  mended: "Mended",
  duplicate: "Already there",
  stored: "Stored",
};
const ORDER: Outcome[] = ["refused", "failed", "mended", "duplicate", "stored"];
const SHOWN = 200;

/** Fetches the project anew when results have come in. */
function useFreshProject(state: UploadState): void {
  const client = useQueryClient();
  const results = state.rows.length + state.coco.length;
  useEffect(() => {
    if (results === 0) return;
    const timer = setTimeout(() => {
      void client.invalidateQueries({ queryKey: queries.projects().queryKey });
      void client.invalidateQueries({ queryKey: ["image-order"] });
    }, 300);
    return () => clearTimeout(timer);
  }, [results, client]);
}

/** Progress and results of the upload, in the corner of every page until dismissed. */
export function UploadPanel() {
  const state = useUploads();
  const [small, setSmall] = useState(false);
  useFreshProject(state);
  if (state.status === "idle") return null;
  const sending = state.status === "sending";
  const files = state.coco.length > 0 ? refusedFiles(state) : 0;
  const fold = small ? "Show the upload" : "Minimise the upload";
  return (
    <Paper component="section" aria-label="Upload" shadow="md" className={classes.panel} bg="var(--dm-surface)">
      <Stack gap={6} px="sm" py="xs">
        <Group justify="space-between" wrap="nowrap">
          <Text size="sm" fw={600} aria-live="polite" className="numbers">
            {titleOf(state)}
          </Text>
          <Group gap={4} wrap="nowrap">
            <Tooltip label={fold}>
              <ActionIcon aria-label={fold} aria-expanded={!small} onClick={() => setSmall(!small)}>
                {small ? <IconChevronUp size={18} /> : <IconChevronDown size={18} />}
              </ActionIcon>
            </Tooltip>
            {sending ? (
              <Button size="compact-sm" variant="default" onClick={() => uploads.cancel()}>
                Cancel
              </Button>
            ) : (
              <CloseButton aria-label="Dismiss the upload's results" onClick={() => uploads.clear()} />
            )}
          </Group>
        </Group>
        {sending && <SendingBar state={state} />}
        {!small &&
          state.coco.map((coco) => (
            <div key={coco.file}>
              <Text size="sm">
                {coco.file}: {count(coco.added)} people added
                {coco.dense > 0 && ` (${count(coco.dense)} with masks and ${count(coco.points)} points)`}
                {coco.present > 0 && `, ${count(coco.present)} were there already`}
                {coco.refused > 0 && `, ${count(coco.refused)} ${coco.refused === 1 ? "person" : "people"} refused`}
              </Text>
              {coco.remarks.map((remark) => (
                <Text key={remark} size="sm" c="dimmed">
                  {remark}
                </Text>
              ))}
            </div>
          ))}
        {!small && files > 0 && (
          <Text size="sm">
            {count(files)} {files === 1 ? "file" : "files"} refused
          </Text>
        )}
        {state.canRetry && (
          <Button size="compact-sm" onClick={() => uploads.retry()} w="fit-content">
            Send the rest again
          </Button>
        )}
      </Stack>
      {!small && <Results rows={state.rows} />}
    </Paper>
  );
}

function titleOf({ status, filesDone, files }: UploadState): string {
  if (status === "sending") return `Uploading: ${count(filesDone)} of ${count(files)} files`;
  return status === "cancelled" ? `Cancelled after ${count(filesDone)} of ${count(files)} files` : "Upload finished";
}

function SendingBar({ state }: { state: UploadState }) {
  const share = percent(state.bytesSent, state.bytes);
  return (
    <div>
      <Progress.Root size={6}>
        <Progress.Section value={share} aria-label={`Sent: ${share} %`} />
      </Progress.Root>
      <Text size="xs" c="dimmed" mt={4} className="numbers">
        {formatBytes(state.bytesSent)} of {formatBytes(state.bytes)}
        {state.bytesSent >= state.bytes && ", the server is reading the last ones"}
      </Text>
    </div>
  );
}

function Results({ rows }: { rows: readonly Row[] }) {
  const [chosen, setChosen] = useState<Outcome | null>(null);
  const present = ORDER.filter((outcome) => rows.some((row) => row.outcome === outcome));
  const outcome = chosen && present.includes(chosen) ? chosen : present[0];
  if (!outcome) return null;
  const of = (wanted: Outcome) => rows.filter((row) => row.outcome === wanted);
  const shown = of(outcome)
    .filter((row) => row.unlisted === undefined)
    .slice(0, SHOWN);
  const more = countOf(of(outcome)) - shown.length;
  return (
    <Box className={classes.results}>
      {present.length === 1 ? (
        <Text size="xs" fw={600} px="md" pt="xs">
          {LABELS[outcome]} {count(countOf(rows))}
        </Text>
      ) : (
        <SegmentedControl
          fullWidth
          size="xs"
          radius={0}
          value={outcome}
          onChange={(value) => setChosen(value as Outcome)}
          aria-label="Which results to show"
          data={present.map((value) => ({
            value,
            label: `${LABELS[value]} ${count(countOf(of(value)))}`,
          }))}
        />
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls must take the keyboard */}
      <ul className={classes.rows} tabIndex={0} aria-label={LABELS[outcome]}>
        {shown.map((row, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: results are only ever appended, and a name may come twice
          <li key={index}>
            <span className={classes.file}>{row.file}</span>
            {row.reason && <span className={classes.reason}>{row.reason}</span>}
          </li>
        ))}
        {more > 0 && <li className={classes.reason}>and {count(more)} more</li>}
      </ul>
    </Box>
  );
}
