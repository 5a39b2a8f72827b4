import { ActionIcon, CopyButton, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import classes from "./datasets.module.css";

/** A command of the shell, to be copied. */
export function Command({ children, label = "Copy the command" }: { children: string; label?: string }) {
  return (
    <div className={classes.command}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long command scrolls, by the keyboard too. */}
      <code tabIndex={0}>{children}</code>
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
