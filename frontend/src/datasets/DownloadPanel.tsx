import { Anchor, Button, Paper, Radio, Stack, Text, Title } from "@mantine/core";
import { IconDownload, IconFileText } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { ExportFormat } from "../api/endpoints";
import { queries } from "../api/queries";
import { cardUrl, exportUrl } from "./api";
import { Command } from "./Command";
import classes from "./datasets.module.css";
import { FORMATS, USUAL } from "./formats";
import { exportCommand, folderName } from "./shell";
import type { SnapshotDetail } from "./types";

/** Takes a snapshot home: its files in a format, its card, and the command that does the same. */
export function DownloadPanel({ snapshot, project }: { snapshot: SnapshotDetail; project: string }) {
  const { id, name, splits } = snapshot;
  const body = useQuery(queries.body(snapshot.body.hash));
  const charts = body.data ? body.data.charts.length === 24 && body.data.parts.length === 14 : true;
  const [chosen, setChosen] = useState<ExportFormat>(USUAL);
  const format = charts || chosen !== "densepose-coco" ? chosen : "densepose-cse";
  const [begun, setBegun] = useState(false);
  return (
    <Paper bg="var(--dm-surface)" p="lg">
      <Stack gap="md">
        <Title order={2}>Download</Title>
        <Radio.Group aria-label="Format" value={format} onChange={(value) => setChosen(value as ExportFormat)}>
          <Stack gap="xs">
            {FORMATS.map(({ value, label, text }) => (
              <Radio
                key={value}
                value={value}
                label={label}
                description={
                  value === "densepose-coco" && !charts
                    ? "Not on this body: the format has 24 charts of its own."
                    : text
                }
                disabled={value === "densepose-coco" && !charts}
              />
            ))}
          </Stack>
        </Radio.Group>
        <Stack gap="xs">
          {splits.map((split) => (
            <Button
              key={split.name}
              component="a"
              href={exportUrl(id, format, split.name)}
              download
              variant={splits.length > 1 ? "light" : "filled"}
              size={splits.length > 1 ? "xs" : "sm"}
              fz="sm"
              leftSection={<IconDownload size={18} />}
              onClick={() => setBegun(true)}
            >
              {split.name ? `Download ${split.name}` : "Download"}
            </Button>
          ))}
          <Button
            component="a"
            href={cardUrl(id)}
            download={`${folderName(name)}-card.md`}
            variant="default"
            size={splits.length > 1 ? "xs" : "sm"}
            fz="sm"
            leftSection={<IconFileText size={18} stroke={1.7} />}
          >
            Card as Markdown
          </Button>
          {begun && (
            <Text size="xs" c="dimmed" role="status">
              The server writes the file; the browser has it when it is complete.
            </Text>
          )}
        </Stack>
        <div>
          <Text size="xs" c="dimmed" mb={4}>
            The same in the server's shell, with the photos by <code className={classes.word}>--images</code>
          </Text>
          <Command>{exportCommand(project, name, format)}</Command>
        </div>
        <Anchor href="#compare-title" size="sm">
          Compare with another snapshot
        </Anchor>
      </Stack>
    </Paper>
  );
}
