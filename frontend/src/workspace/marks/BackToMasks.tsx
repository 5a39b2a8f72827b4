import { Alert, Button, Group, Kbd, Modal, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { messageOf } from "@/api/error";
import { UnfinishedError } from "../journal/journal";
import { UNFINISHED } from "../unfinished";

interface Props {
  onClose: () => void;
  onConfirm: () => Promise<void>;
}

/** Going back to the masks draws new points where parts change, so it is asked first. */
export function BackToMasks({ onClose, onConfirm }: Props) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const confirm = async () => {
    setBusy(true);
    try {
      await onConfirm();
    } catch (error) {
      setBusy(false);
      setProblem(error instanceof UnfinishedError ? UNFINISHED[error.reason] : messageOf(error));
    }
  };
  return (
    <Modal opened onClose={onClose} title="Back to the masks?" transitionProps={{ duration: 0 }}>
      <Stack>
        <Text size="sm">
          Marks on parts that you leave as they are stay. A part whose mask you change gets new points.
        </Text>
        {problem && (
          <Alert color="red" role="alert">
            {problem}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Stay <Kbd ml={8}>Esc</Kbd>
          </Button>
          <Button data-autofocus onClick={confirm} loading={busy} rightSection={<Kbd size="xs">Enter</Kbd>}>
            Back to the masks
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
