import { ActionIcon, CopyButton, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { Fragment } from "react";
import classes from "./datasets.module.css";

/** A command of the shell, to be copied; lines break between its words alone. */
export function Command({ children, label = "Copy the command" }: { children: string; label?: string }) {
  return (
    <div className={classes.command}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long command scrolls, by the keyboard too. */}
      <code tabIndex={0}>
        {children.split(" ").map((word, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the words of a command have no other name.
          <Fragment key={index}>
            {index > 0 && " "}
            <span className={classes.word}>{word}</span>
          </Fragment>
        ))}
      </code>
      <Copy value={children} label={label} />
    </div>
  );
}

export function Copy({ value, label, size = 26 }: { value: string; label: string; size?: number }) {
  return (
    <CopyButton value={value} timeout={2000}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? "Copied" : label}>
          <ActionIcon size={size} onClick={copy} aria-label={copied ? "Copied" : label}>
            {copied ? <IconCheck size={15} /> : <IconCopy size={15} stroke={1.7} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}
