import { Alert, Button, Group, Kbd, Modal, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconCheck } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { messageOf } from "@/api/error";
import { PARTS, part } from "@/parts";
import { inspectMask, type Warning } from "../engine/checks";
import type { Rect } from "../engine/geometry";
import { UnfinishedError } from "../journal/journal";
import { partName, spoken } from "../partNames";
import { UNFINISHED } from "../unfinished";
import type { MaskSession } from "./MaskSession";
import classes from "./SubmitDialog.module.css";

interface Props {
  session: MaskSession;
  onClose: () => void;
  /** Shows a rectangle of the map. */
  onShow: (rect: Rect) => void;
  /** Rejects when the server does not take it. */
  onSubmit: () => Promise<void>;
}

const SHOWN_WARNINGS = 6;

/** From head to foot, the person's right beside their left. */
const IN_PAIRS = [14, 1, 11, 10, 13, 12, 2, 3, 6, 7, 8, 9, 5, 4].map(part);

/** What the mask holds and what may be wrong with it, before its points are chosen. */
export function SubmitDialog({ session, onClose, onShow, onSubmit }: Props) {
  const [edits, setEdits] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the map is edited in place; a repair counts as an edit.
  const report = useMemo(() => inspectMask(session.editor.map), [session, edits]);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const repairs = report.warnings.flatMap(({ repair }) => (repair ? [repair] : []));
  const painted = PARTS.filter(({ label }) => report.areas[label]).length;

  const submit = async () => {
    if (busy || painted === 0) return;
    setBusy(true);
    setProblem(null);
    try {
      await onSubmit();
    } catch (error) {
      setBusy(false);
      setProblem(error instanceof UnfinishedError ? UNFINISHED[error.reason] : messageOf(error));
    }
  };
  const repairAll = () => {
    session.editor.relabel(repairs);
    setEdits((n) => n + 1);
  };

  return (
    <Modal
      opened
      transitionProps={{ duration: 0 }}
      onClose={onClose}
      title="Submit the masks?"
      size={520}
      overlayProps={{ backgroundOpacity: 0.25, blur: 0 }}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void submit();
      }}
    >
      <Stack gap="md">
        <ul className={classes.parts} aria-label="Parts painted">
          {IN_PAIRS.map((each) => (
            <li key={each.label} data-painted={Boolean(report.areas[each.label])}>
              <i style={{ background: each.colour }} />
              {spoken(each).full}
              {report.areas[each.label] ? <IconCheck size={15} aria-label="painted" /> : <span>not painted</span>}
            </li>
          ))}
        </ul>
        {report.warnings.length > 0 && (
          <Stack gap={6}>
            <Group justify="space-between">
              <Text size="sm" fw={600}>
                Worth a look
              </Text>
              {repairs.length > 0 && (
                <Button size="compact-xs" variant="default" onClick={repairAll}>
                  Tidy {repairs.length === 1 ? "it" : `all ${repairs.length}`}
                </Button>
              )}
            </Group>
            {report.warnings.slice(0, SHOWN_WARNINGS).map((warning) => (
              <Group
                key={`${warning.kind}-${warning.label}-${warning.rect.x0}-${warning.rect.y0}`}
                gap={8}
                wrap="nowrap"
                className={classes.warning}
              >
                <IconAlertTriangle size={16} aria-hidden />
                <Text size="sm" flex={1}>
                  {describe(warning)}
                </Text>
                <Button size="compact-xs" variant="subtle" onClick={() => onShow(warning.rect)}>
                  Show
                </Button>
              </Group>
            ))}
            {report.warnings.length > SHOWN_WARNINGS && (
              <Text size="xs" c="dimmed">
                and {report.warnings.length - SHOWN_WARNINGS} more
              </Text>
            )}
          </Stack>
        )}
        {painted === 0 && <Text size="sm">Nothing is painted yet.</Text>}
        {problem && (
          <Alert color="red" role="alert">
            {problem}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Paint on <Kbd ml={8}>Esc</Kbd>
          </Button>
          <Button
            data-autofocus
            data-testid="submit-confirm"
            onClick={submit}
            loading={busy}
            disabled={painted === 0}
            rightSection={<Kbd size="xs">Enter</Kbd>}
          >
            Submit, on to the points
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function describe({ kind, label, area, beside }: Warning): string {
  const name = partName(label);
  if (kind === "island") return `${name}: an island of ${area} ${area === 1 ? "pixel" : "pixels"}`;
  if (kind === "hole") return `${name}: a hole of ${area} ${area === 1 ? "pixel" : "pixels"}`;
  return `${name} touches the ${partName(beside ?? 0).toLowerCase()}: are left and right as meant?`;
}
