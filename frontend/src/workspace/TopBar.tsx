import { ActionIcon, Anchor, Group, Text, Tooltip, VisuallyHidden } from "@mantine/core";
import { IconArrowLeft, IconKeyboard } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Task } from "@/api/types";
import { AccountMenu } from "@/components/AccountMenu";
import { useHelp } from "@/components/help";
import type { Journal } from "./journal/journal";
import { SaveState } from "./SaveState";
import classes from "./TopBar.module.css";

/** The bar while there is no task: only the way out. */
export function BareTopBar() {
  return (
    <header className={classes.bar}>
      <Group gap="xs" wrap="nowrap" className={classes.side}>
        <Tooltip label="Back to the projects">
          <ActionIcon component={Link} to="/projects" aria-label="Back to the projects" size={32}>
            <IconArrowLeft size={18} stroke={1.8} />
          </ActionIcon>
        </Tooltip>
        <Text size="sm" c="dimmed">
          Projects
        </Text>
      </Group>
      <Group justify="flex-end" className={classes.side} style={{ gridColumn: -2 }}>
        <AccountMenu />
      </Group>
    </header>
  );
}

/** Where one is, whether it is saved, and the way out. */
export function TopBar(props: {
  task: Task;
  journal: Journal;
  place?: ReactNode;
  masksFixed?: boolean;
  children?: ReactNode;
}) {
  // `place` stands for the photo's name, which leads to its page.
  const { task, journal, place, children } = props;
  const masksFixed = task.study?.masks === "given";
  const help = useHelp();
  const step = task.kind === "mask" ? 1 : 2;
  return (
    <header className={classes.bar}>
      <VisuallyHidden>
        <h1>
          {step === 1 ? "Masks" : "Points"} of a person in {task.image.file_name}
        </h1>
      </VisuallyHidden>
      <Group gap="xs" wrap="nowrap" className={classes.side}>
        <Tooltip label="Back to the project">
          <ActionIcon component={Link} to={`/projects/${task.project_id}`} aria-label="Back to the project" size={32}>
            <IconArrowLeft size={18} stroke={1.8} />
          </ActionIcon>
        </Tooltip>
        {place ?? (
          <Anchor
            component={Link}
            to={`/projects/${task.project_id}/images/${task.image.id}`}
            className={classes.file as string}
            c="dimmed"
            size="sm"
            title={task.image.file_name}
          >
            {task.image.file_name}
          </Anchor>
        )}
      </Group>
      {masksFixed ? (
        <span />
      ) : (
        <ol className={classes.steps} aria-label="Steps">
          <li aria-current={step === 1 ? "step" : undefined}>
            <b>1</b> Masks
          </li>
          <li aria-current={step === 2 ? "step" : undefined}>
            <b>2</b> Points
          </li>
        </ol>
      )}
      <Group gap="sm" wrap="nowrap" justify="flex-end" className={classes.side}>
        {children}
        <SaveState journal={journal} />
        <Tooltip label="Keyboard help (?)">
          <ActionIcon onClick={help.open} aria-label="Keyboard help (?)" size={32}>
            <IconKeyboard size={19} stroke={1.7} />
          </ActionIcon>
        </Tooltip>
        <AccountMenu />
      </Group>
    </header>
  );
}
