import { Button, Group, Text } from "@mantine/core";
import { IconClockExclamation } from "@tabler/icons-react";
import { useCallback, useEffect, useState } from "react";
import { renewLease } from "@/api/endpoints";
import { ApiError, messageOf } from "@/api/error";
import type { Task } from "@/api/types";
import classes from "./LeaseKeeper.module.css";

const EVERY_MS = 3 * 60_000;

/** Keeps the task ours while the page is open, and says so clearly when it is not any more. */
export function LeaseKeeper({ task }: { task: Task }) {
  const [lost, setLost] = useState<string | null>(null);
  const renew = useCallback(async () => {
    try {
      await renewLease(task.id);
      setLost(null);
    } catch (error) {
      // Without an answer the lease may still run; the next renewal tells.
      if (error instanceof ApiError && (error.status === 409 || error.status === 403 || error.status === 404)) {
        setLost(messageOf(error));
      }
    }
  }, [task.id]);
  useEffect(() => {
    const timer = window.setInterval(renew, EVERY_MS);
    // A machine that slept missed its renewals.
    const shown = () => document.visibilityState === "visible" && void renew();
    document.addEventListener("visibilitychange", shown);
    return () => {
      window.clearInterval(timer);
      document.removeEventListener("visibilitychange", shown);
    };
  }, [renew]);
  if (!lost) return null;
  return (
    <Group className={classes.lost} role="alert" gap="sm" wrap="nowrap">
      <IconClockExclamation size={18} aria-hidden />
      <Text size="sm">
        This person is not yours at the moment: {lost}. What you did is kept in this browser and is sent when you have
        it back.
      </Text>
      <Button size="compact-xs" variant="default" onClick={renew}>
        Take it back
      </Button>
    </Group>
  );
}
