import { Button, Kbd, Switch, Text, Tooltip } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconArrowLeft, IconArrowRight } from "@tabler/icons-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { reopenMask, submitTask } from "@/api/endpoints";
import { messageOf } from "@/api/error";
import type { Flag, Point, Task, User } from "@/api/types";
import { type Shortcut, useShortcutHelp } from "@/components/help";
import { type Parts, spoken } from "@/parts";
import { type Journal, UnfinishedError } from "../journal/journal";
import { useKeys } from "../keys";
import { SideBadge } from "../SideBadge";
import type { Settings } from "../settings";
import { UNFINISHED } from "../unfinished";
import { useValue, type ValueStore } from "../valueStore";
import { BackToMasks } from "./BackToMasks";
import { FlagMenu, flagOfKey } from "./FlagMenu";
import { MarksConflict } from "./MarksConflict";
import { MarksSession } from "./MarksSession";
import classes from "./MarksStep.module.css";
import { PointPhoto } from "./PointPhoto";
import { Progress } from "./Progress";
import { ViewGrid } from "./ViewGrid";

interface Props {
  task: Task;
  user: User;
  points: Point[];
  parts: Parts;
  /** What the journal holds of marks, by mark id. */
  local: ReadonlyMap<string, object>;
  journal: Journal;
  settings: ValueStore<Settings>;
  onTask: (next: Task) => void;
}

const KEYS: Shortcut[] = [
  { keys: ["click"], does: "On any view: place the mark" },
  { keys: ["Space", "Enter", "→"], does: "Next point" },
  { keys: ["←"], does: "The point before" },
  { keys: ["N"], does: "Next point without a mark" },
  { keys: ["F"], does: "Flag: then O occluded, A ambiguous, P wrong part, X outside" },
  { keys: ["Backspace"], does: "Clear this point's mark" },
  { keys: ["Z"], does: "Take the last mark back" },
  { keys: ["1", "–", "6"], does: "Enlarge a view; again: all six" },
  { keys: ["wheel"], does: "On a view, the photo or the magnifier: zoom" },
  { keys: ["G"], does: "Go on by itself after a click: on or off" },
  { keys: ["Ctrl", "Enter"], does: "Submit the points" },
];
const KEYS_WITH_MASKS: Shortcut[] = [...KEYS, { keys: ["M"], does: "Back to the masks" }];

/** How long a mark is seen before the next point comes, when going on by itself. */
const SEEN_MS = 260;

/** Step 2: for each point on the photo, its place on the body. */
export function MarksStep({ task, user, points, parts, local, journal, settings, onTask }: Props) {
  // Masks that a study gives are the true ones: there is no way back to them.
  const masksFixed = task.study?.masks === "given";
  const [session] = useState(() => new MarksSession(task, points, local, user.id, journal, parts));
  const { index, marks, canUndo } = useValue(session.state);
  const { goOn } = useValue(settings);
  const [enlarged, setEnlarged] = useState<number | null>(null);
  const [flagging, setFlagging] = useState(false);
  const [leaving, setLeaving] = useState(false);
  const [busy, setBusy] = useState(false);
  const timer = useRef(0);
  useShortcutHelp("Points", masksFixed ? KEYS : KEYS_WITH_MASKS);
  useEffect(() => session.follow(), [session]);
  useEffect(() => () => window.clearTimeout(timer.current), []);

  const forward = useCallback(() => {
    window.clearTimeout(timer.current);
    const { index } = session.state.get();
    if (index < session.points.length - 1) session.step(1);
    else if (session.left > 0) session.nextUnmarked();
  }, [session]);
  const back = () => {
    window.clearTimeout(timer.current);
    session.step(-1);
  };
  const placed = () => {
    if (!settings.get().goOn) return;
    const { id } = session.current;
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      // Unless the click was refused or somebody went elsewhere meanwhile.
      if (session.current.id === id && session.state.get().marks.has(id)) forward();
    }, SEEN_MS);
  };
  const place = (view: number, x: number, y: number) => {
    session.place(view, x, y);
    placed();
  };
  const flag = (reason: Flag) => {
    setFlagging(false);
    session.flag(reason);
    placed();
  };
  /** The key after F. */
  const answered = (event: KeyboardEvent): boolean => {
    if (event.ctrlKey || event.altKey || event.metaKey) return false;
    const chosen = flagOfKey(event);
    if (chosen) flag(chosen);
    else if (event.key === "Escape" || event.code === "KeyF") setFlagging(false);
    else return false;
    return true;
  };
  const submit = async () => {
    if (busy) return;
    if (session.left > 0) {
      const { left } = session;
      session.nextUnmarked();
      const count = left === 1 ? "One point has" : `${left} points have`;
      notifications.show({ message: `${count} neither a mark nor a flag.` });
      return;
    }
    setBusy(true);
    try {
      await Promise.all(session.refs.map((ref) => journal.finish(ref)));
      onTask(await submitTask(task.id));
    } catch (error) {
      setBusy(false);
      const message = error instanceof UnfinishedError ? UNFINISHED[error.reason] : messageOf(error);
      notifications.show({ color: "red", message });
    }
  };
  const toMasks = async () => {
    await Promise.all(session.refs.map((ref) => journal.finish(ref)));
    onTask(await reopenMask(task.id));
  };

  useKeys({
    down: (event) => {
      session.clock.touch();
      if (flagging) return answered(event);
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void submit();
      else if (event.ctrlKey || event.metaKey) {
        if (event.code !== "KeyZ") return false;
        session.undo();
      } else if (event.altKey) return false;
      else if (event.code === "Space" || event.key === "Enter" || event.key === "ArrowRight") forward();
      else if (event.key === "ArrowLeft") back();
      else if (event.key === "Backspace" || event.key === "Delete") session.clear();
      else if (event.key === "Escape" && enlarged !== null) setEnlarged(null);
      else if (/^(Digit|Numpad)[1-6]$/.test(event.code)) {
        const view = Number(event.code.at(-1)) - 1;
        setEnlarged((old) => (old === view ? null : view));
      } else if (event.repeat) return false;
      else if (event.code === "KeyN") session.nextUnmarked();
      else if (event.code === "KeyF") setFlagging(true);
      else if (event.code === "KeyZ") session.undo();
      else if (event.code === "KeyG") settings.set({ goOn: !goOn });
      else if (event.code === "KeyM" && !masksFixed) setLeaving(true);
      else return false;
      return true;
    },
  });

  const point = session.points[index];
  if (!point) return <Text p="xl">This person has no points.</Text>;
  const { side, limb, full } = spoken(parts.part(point.part));
  const ofPart = session.points.filter((each) => each.part === point.part);
  const mark = marks.get(point.id);
  const done = marks.size === session.points.length;
  return (
    <main className={classes.step} onPointerMove={() => session.clock.touch()}>
      <div className={classes.top}>
        <Progress session={session} />
        <Tooltip label={done ? "Every point has a mark or a flag" : "Points are left: goes to the next one"}>
          <Button
            size="xs"
            variant={done ? "filled" : "default"}
            loading={busy}
            onClick={submit}
            data-testid="submit"
            rightSection={<Kbd size="xs">Ctrl+Enter</Kbd>}
          >
            Submit points
          </Button>
        </Tooltip>
      </div>
      <PointPhoto session={session} settings={settings} />
      <div className={classes.views}>
        <div className={classes.head}>
          <div className={classes.part} style={{ borderColor: parts.part(point.part).colour }} aria-live="polite">
            <SideBadge side={side} />
            <b>{side ? limb : full}</b>
            <Text span size="sm" c="dimmed">
              {ofPart.indexOf(point) + 1} of {ofPart.length}
            </Text>
          </div>
          <Button.Group>
            <Tooltip label="The point before (←)">
              <Button size="xs" variant="default" onClick={back} disabled={index === 0} aria-label="The point before">
                <IconArrowLeft size={16} />
              </Button>
            </Tooltip>
            <Tooltip label="Next point (Space)">
              <Button size="xs" variant="default" onClick={forward} aria-label="Next point">
                <IconArrowRight size={16} />
              </Button>
            </Tooltip>
          </Button.Group>
          <Button size="xs" variant="default" onClick={() => session.undo()} disabled={!canUndo}>
            Undo{" "}
            <Kbd size="xs" ml={6}>
              Z
            </Kbd>
          </Button>
          <FlagMenu opened={flagging} onChange={setFlagging} current={mark?.flag ?? null} onFlag={flag} />
          <Tooltip label="Go on to the next point after each click (G)">
            <Switch
              size="xs"
              label="Go on by itself"
              checked={goOn}
              onChange={(event) => settings.set({ goOn: event.currentTarget.checked })}
            />
          </Tooltip>
        </div>
        <ViewGrid session={session} enlarged={enlarged} onPlace={place} onBeside={(...at) => session.refuse(...at)} />
      </div>
      {leaving && <BackToMasks onClose={() => setLeaving(false)} onConfirm={toMasks} />}
      <MarksConflict session={session} journal={journal} />
    </main>
  );
}
