import { Alert, Button, Group, Kbd, Modal, Stack, Text } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { messageOf } from "@/api/error";
import { spoken } from "@/parts";
import { inspectMask, type Repair } from "../engine/checks";
import type { Rect } from "../engine/geometry";
import { UnfinishedError } from "../journal/journal";
import { UNFINISHED } from "../unfinished";
import type { MaskSession } from "./MaskSession";
import classes from "./SubmitDialog.module.css";
import { WarningList } from "./WarningList";

interface Props {
  session: MaskSession;
  onClose: () => void;
  /** Shows a rectangle of the map. */
  onShow: (rect: Rect) => void;
  /** Rejects when the server does not take it. */
  onSubmit: () => Promise<void>;
}

/** What the mask holds and what may be wrong with it, before its points are chosen. */
export function SubmitDialog({ session, onClose, onShow, onSubmit }: Props) {
  const { parts } = session;
  const [edits, setEdits] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the map is edited in place; a repair counts as an edit.
  const report = useMemo(() => inspectMask(session.editor.map, parts), [session, edits]);
  const confirm = useRef<HTMLButtonElement>(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const shown = parts.inPairs.filter(({ label }) => session.isWanted(label));
  const painted = shown.filter(({ label }) => report.areas[label]).length;

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
  const repair = (repairs: readonly Repair[]) => {
    session.editor.relabel(repairs);
    setEdits((n) => n + 1);
  };
  // The pressed button is gone with what it repaired: Enter goes on to submit.
  useEffect(() => {
    if (edits > 0) confirm.current?.focus();
  }, [edits]);

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
          {shown.map((each) => (
            <li key={each.label} data-painted={Boolean(report.areas[each.label])}>
              <i style={{ background: each.colour }} />
              {spoken(each).full}
              {report.areas[each.label] ? <IconCheck size={15} aria-label="painted" /> : <span>not painted</span>}
            </li>
          ))}
        </ul>
        {session.wanted && (
          <Text size="sm" c="dimmed">
            This study asks for these parts only. What does not show in the photo stays unpainted.
          </Text>
        )}
        <WarningList parts={parts} warnings={report.warnings} onShow={onShow} onRepair={repair} />
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
            ref={confirm}
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
