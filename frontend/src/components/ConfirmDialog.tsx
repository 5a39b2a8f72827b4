import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { InlineError } from "./states";

/** Asks before something that people would not want by accident. */
export function ConfirmDialog(props: {
  opened: boolean;
  title: string;
  children: ReactNode;
  action: string;
  busy?: boolean;
  error?: unknown;
  onConfirm: () => void;
  onClose: () => void;
}) {
  return (
    <Modal opened={props.opened} onClose={props.onClose} title={props.title}>
      <Stack>
        <Text size="sm" component="div">
          {props.children}
        </Text>
        <InlineError error={props.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={props.onClose} data-autofocus>
            Cancel
          </Button>
          <Button color="red" onClick={props.onConfirm} loading={props.busy ?? false}>
            {props.action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
