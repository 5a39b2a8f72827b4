import { ActionIcon, Button, Stack, Text, Tooltip } from "@mantine/core";
import { IconPencil, IconTrash } from "@tabler/icons-react";
import classes from "./PersonList.module.css";
import { personState } from "./personState";
import type { BoxItem } from "./store";

const SOURCES = { drawn: "box drawn by hand", coco: "box from COCO", rendered: "rendered" } as const;

interface Props {
  boxes: readonly BoxItem[];
  selected: string | null;
  /** The person with the button to annotate them. */
  offered: string | null;
  readOnly: boolean;
  /** How many parts the project's body has, once that is known. */
  parts: number | undefined;
  /** The person whose task is being opened. */
  opening: string | null;
  onSelect: (id: string) => void;
  onRemove: (id: string) => void;
  onAnnotate: (id: string) => void;
}

/** Everyone in the photo, numbered as on it; each can be removed, the offered one annotated. */
export function PersonList(props: Props) {
  const { boxes, selected, offered, readOnly, parts, opening, onSelect, onRemove, onAnnotate } = props;
  if (boxes.length === 0) {
    return (
      <Text size="sm" c="dimmed" p="md">
        {readOnly
          ? "Nobody is marked in this photo."
          : "Nobody is marked yet. Drag on the photo from one corner of a person to the other."}
      </Text>
    );
  }
  return (
    <ul className={classes.list}>
      {boxes.map((item, index) => {
        const isSelected = item.id === selected;
        const name = `Person ${index + 1}`;
        return (
          <li key={item.id} className={classes.item} data-selected={isSelected || undefined}>
            <div className={classes.row}>
              <button
                type="button"
                className={classes.choose}
                aria-pressed={isSelected}
                onClick={() => onSelect(item.id)}
              >
                <span className={classes.number} data-state={item.person?.state ?? "new"} aria-hidden>
                  {index + 1}
                </span>
                <Stack gap={0} component="span" display="flex">
                  <Text component="span" size="sm" fw={560}>
                    {name}
                  </Text>
                  <Text component="span" size="xs" c="dimmed" className="numbers">
                    {personState(item.person, parts)}
                    {item.person && ` · ${SOURCES[item.person.source]}`}
                  </Text>
                </Stack>
              </button>
              {!readOnly && (
                <Tooltip label="Remove (Del)">
                  <ActionIcon aria-label={`Remove ${name}`} onClick={() => onRemove(item.id)}>
                    <IconTrash size={17} stroke={1.7} />
                  </ActionIcon>
                </Tooltip>
              )}
            </div>
            {item.id === offered && !readOnly && (
              <Button
                fullWidth
                mt={8}
                leftSection={<IconPencil size={18} />}
                loading={opening === item.id}
                disabled={!item.person}
                onClick={() => onAnnotate(item.id)}
              >
                {item.person?.state === "done" ? "Open the annotation" : "Annotate this person"}
              </Button>
            )}
          </li>
        );
      })}
    </ul>
  );
}
