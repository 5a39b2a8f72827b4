import { ActionIcon, Alert, Anchor, Button, Checkbox, Group, Stack, Text } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type DragEvent, type ReactNode, useEffect, useState } from "react";
import type { RenderFile, RenderFileKind } from "../api/types";
import { InlineError } from "../components/states";
import { chooseFiles, formatBytes, fromDrop, type Picked } from "../uploads/files";
import { deleteRenderFile, getRenderFiles, sendRenderFiles } from "./api";
import classes from "./OwnFiles.module.css";

/** Ids of the files to render with; none of a kind: what the computer makes. */
export type Chosen = Record<RenderFileKind, string[]>;

export const NOTHING: Chosen = { poses: [], backgrounds: [], textures: [] };

const KINDS: { kind: RenderFileKind; title: string; text: string; accept: string }[] = [
  {
    kind: "poses",
    title: "Poses",
    text: "AMASS or SMPL .npz, BVH. Of a motion, frames that differ are kept.",
    accept: ".npz,.bvh",
  },
  { kind: "backgrounds", title: "Backgrounds", text: "Photos to stand before.", accept: "image/*" },
  { kind: "textures", title: "Textures", text: "Pictures of fabrics for the clothes.", accept: "image/*" },
];

/** A choice without the files that are gone. */
export function stillThere(chosen: Chosen, files: readonly Pick<RenderFile, "id">[]): Chosen {
  const there = new Set(files.map(({ id }) => id));
  const keep = (ids: string[]) => ids.filter((id) => there.has(id));
  return { poses: keep(chosen.poses), backgrounds: keep(chosen.backgrounds), textures: keep(chosen.textures) };
}

interface Props {
  projectId: string;
  value: Chosen;
  onChange: (value: Chosen) => void;
}

/** A folded section: the project's own files to render with, of which some are chosen. */
export function OwnFiles({ projectId, value, onChange }: Props) {
  const [open, setOpen] = useState(false);
  const chosen = KINDS.reduce((sum, { kind }) => sum + value[kind].length, 0);
  const files = useQuery({
    queryKey: ["projects", projectId, "render-files"],
    queryFn: ({ signal }) => getRenderFiles(projectId, { signal }),
    enabled: open || chosen > 0,
  });
  const { data } = files;
  // What was deleted elsewhere meanwhile can no longer be chosen.
  useEffect(() => {
    const kept = data && stillThere(value, data);
    if (kept && KINDS.some(({ kind }) => kept[kind].length < value[kind].length)) onChange(kept);
  }, [data, value, onChange]);
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className={classes.summary}>
        Own poses, backgrounds and textures{chosen > 0 && ` (${chosen.toLocaleString("en")} chosen)`}
      </summary>
      <Stack mt="sm" gap="md">
        <Text size="xs" c="dimmed">
          They stay with the project and can be chosen again. Where none is chosen, the computer makes its own.
        </Text>
        <InlineError error={files.error} />
        {KINDS.map((about) => (
          <Kind
            key={about.kind}
            {...about}
            projectId={projectId}
            files={(data ?? []).filter((file) => file.kind === about.kind)}
            chosen={value[about.kind]}
            onChange={(ids) => onChange({ ...value, [about.kind]: ids })}
          />
        ))}
      </Stack>
    </details>
  );
}

interface KindProps {
  projectId: string;
  kind: RenderFileKind;
  title: string;
  text: string;
  accept: string;
  files: readonly RenderFile[];
  chosen: readonly string[];
  onChange: (ids: string[]) => void;
}

function Kind({ projectId, kind, title, text, accept, files, chosen, onChange }: KindProps) {
  const client = useQueryClient();
  const fresh = () => client.invalidateQueries({ queryKey: ["projects", projectId, "render-files"] });
  const send = useMutation({
    mutationFn: (picked: Picked[]) => sendRenderFiles(projectId, kind, picked),
    // The list first: what is not in it is taken for deleted.
    onSuccess: async ({ stored, duplicates }) => {
      await fresh();
      onChange([...new Set([...chosen, ...[...stored, ...duplicates].map(({ id }) => id)])]);
    },
    onError: fresh,
  });
  const remove = useMutation({
    mutationFn: (id: string) => deleteRenderFile(projectId, id),
    onSuccess: (_, id) => onChange(chosen.filter((one) => one !== id)),
    onSettled: fresh,
  });
  const add = (picked: Picked[]) => picked.length > 0 && send.mutate(picked);
  const all = files.length > 0 && chosen.length === files.length;
  return (
    <Stack gap={6} role="group" aria-label={title}>
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={500}>
          {title}
        </Text>
        {files.length > 1 && (
          <Anchor
            component="button"
            type="button"
            size="xs"
            onClick={() => onChange(all ? [] : files.map((f) => f.id))}
          >
            {all ? "Choose none" : `Choose all ${files.length.toLocaleString("en")}`}
          </Anchor>
        )}
      </Group>
      <DropZone onPicked={add}>
        <Button
          variant="default"
          size="xs"
          loading={send.isPending}
          flex="none"
          onClick={() => chooseFiles({ accept }).then(add)}
        >
          Add {title.toLowerCase()}
        </Button>
        <Text size="xs" c="dimmed">
          {text} Or drop them here.
        </Text>
      </DropZone>
      <InlineError error={send.error ?? remove.error} />
      {send.data && send.data.refused.length > 0 && (
        <Alert color="red" variant="light" p="xs" withCloseButton closeButtonLabel="Dismiss" onClose={send.reset}>
          {send.data.refused.map(({ file, reason }) => (
            <Text key={file} size="xs">
              <b>{file}</b>: {reason}
            </Text>
          ))}
        </Alert>
      )}
      {files.length > 0 && (
        <div className={classes.list}>
          {files.map((file) => (
            <div key={file.id} className={classes.row}>
              <Checkbox
                size="sm"
                label={file.name}
                description={file.note ?? formatBytes(file.bytes)}
                checked={chosen.includes(file.id)}
                onChange={(event) =>
                  onChange(event.currentTarget.checked ? [...chosen, file.id] : chosen.filter((id) => id !== file.id))
                }
              />
              <ActionIcon
                variant="subtle"
                color="gray"
                size="sm"
                aria-label={`Delete ${file.name}`}
                loading={remove.isPending && remove.variables === file.id}
                onClick={() => remove.mutate(file.id)}
              >
                <IconTrash size={15} stroke={1.6} />
              </ActionIcon>
            </div>
          ))}
        </div>
      )}
    </Stack>
  );
}

/** Takes dropped files before the page does, which would make photos of the project of them. */
function DropZone({ onPicked, children }: { onPicked: (picked: Picked[]) => void; children: ReactNode }) {
  const [over, setOver] = useState(false);
  const held = (then: (event: DragEvent) => void) => (event: DragEvent) => {
    event.preventDefault();
    event.stopPropagation();
    then(event);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is for the mouse; the button inside does the same.
    <div
      className={classes.zone}
      data-over={over || undefined}
      onDragEnter={held(() => setOver(true))}
      onDragOver={held(() => setOver(true))}
      onDragLeave={held(() => setOver(false))}
      onDrop={held((event) => {
        setOver(false);
        void fromDrop(event.dataTransfer).then(onPicked);
      })}
    >
      <Group gap="sm" wrap="nowrap">
        {children}
      </Group>
    </div>
  );
}
