import { Alert, Anchor } from "@mantine/core";
import { IconDeviceFloppy } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { Link } from "react-router";
import { useMe } from "../api/queries";
import { IdbStore } from "../workspace/journal/store";
import { taskLeftOver, unsentWrites } from "./unsent";

const LOOK_MS = 2500;

/** Says on the pages around the workspace that annotation work has not reached the server, and leads to it. */
export function UnsentBanner() {
  const { user } = useMe();
  const [task, setTask] = useState<string | null>(null);
  useEffect(() => {
    let store: IdbStore | null = null;
    let earlier: ReadonlyMap<string, string> = new Map();
    let shown = true;
    const look = async () => {
      try {
        store ??= new IdbStore();
        const now = unsentWrites(await store.load(user.id));
        if (shown) setTask(taskLeftOver(now, earlier));
        earlier = now;
      } catch {
        // A browser that keeps nothing has no work waiting in it.
      }
    };
    void look();
    const timer = setInterval(look, LOOK_MS);
    return () => {
      shown = false;
      clearInterval(timer);
    };
  }, [user.id]);
  if (!task) return null;
  return (
    <Alert role="status" py="xs" mb="lg" variant="light" icon={<IconDeviceFloppy size={18} aria-hidden />}>
      Unsaved work of yours waits in this browser.{" "}
      <Anchor component={Link} to={`/annotate/${task}`} underline="always" size="sm">
        Open it to save it
      </Anchor>
    </Alert>
  );
}
