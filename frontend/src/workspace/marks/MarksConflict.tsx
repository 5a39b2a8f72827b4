import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import type { Journal } from "../journal/journal";
import { useJournalStatus } from "../journal/useJournal";
import type { MarksSession } from "./MarksSession";

/** Marks that were also set elsewhere: the annotator chooses, nothing is overwritten unasked. */
export function MarksConflict({ session, journal }: { session: MarksSession; journal: Journal }) {
  useJournalStatus(journal);
  const count = session.conflicts().length;
  if (count === 0) return null;
  return (
    <Modal
      opened
      transitionProps={{ duration: 0 }}
      onClose={() => {}}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title={count === 1 ? "A mark was changed elsewhere" : `${count} marks were changed elsewhere`}
    >
      <Stack>
        <Text size="sm">
          You set {count === 1 ? "it" : "them"} here and in another place. Both are kept: what you do not choose can be
          brought back.
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={() => session.settle("theirs")}>
            Take those from elsewhere
          </Button>
          <Button data-autofocus onClick={() => session.settle("mine")}>
            Keep those from here
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
