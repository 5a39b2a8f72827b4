import { Button, Group, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useEffect, useState } from "react";
import type { Box } from "../api/types";
import { ConfirmDialog } from "../components/ConfirmDialog";
import { workOn } from "./personState";
import type { BoxItem, BoxState, BoxStore } from "./store";

interface Removal {
  id: string;
  box: Box;
  number: number;
}

/** Takes people out: asks first where work would go with them, and says so once the server has done it. */
export function useRemoval(store: BoxStore, state: BoxState, readOnly: boolean) {
  const [asked, setAsked] = useState<BoxItem | null>(null);
  const [removal, setRemoval] = useState<Removal | null>(null);
  const outcome = removal && store.removal(removal.id);
  const numberOf = (id: string) => state.boxes.findIndex((item) => item.id === id) + 1;

  useEffect(() => {
    if (!removal || outcome === "waiting") return;
    // Undone, or refused: the box is there again, and the store says why.
    if (outcome === "no") return setRemoval(null);
    const toast = notifications.show({
      autoClose: 8000,
      message: (
        <Group justify="space-between">
          <Text size="sm">Person {removal.number} was removed.</Text>
          <Button size="compact-sm" variant="default" onClick={() => store.change(removal.id, removal.box)}>
            Undo
          </Button>
        </Group>
      ),
    });
    return () => void notifications.hide(toast);
  }, [store, removal, outcome]);

  const take = (item: BoxItem) => {
    setRemoval({ id: item.id, box: item.box, number: numberOf(item.id) });
    store.change(item.id, null);
    setAsked(null);
  };
  const remove = (id: string | null) => {
    const item = state.boxes.find((one) => one.id === id);
    if (readOnly || !item) return;
    if (workOn(item.person)) setAsked(item);
    else take(item);
  };
  const dialog = (
    <ConfirmDialog
      opened={asked !== null}
      title={asked ? `Remove person ${numberOf(asked.id)}?` : ""}
      action="Remove person"
      onConfirm={() => asked && take(asked)}
      onClose={() => setAsked(null)}
    >
      {asked && workOn(asked.person)} This work leaves the project and its exports together with the person. Undo brings
      both back.
    </ConfirmDialog>
  );
  return { remove, dialog };
}
