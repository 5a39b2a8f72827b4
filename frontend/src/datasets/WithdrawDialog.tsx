import { Anchor, Button, Code, Group, List, Modal, Paper, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { queries } from "../api/queries";
import type { ImageWithPersons, Project } from "../api/types";
import { count } from "../components/Meter";
import { InlineError } from "../components/states";
import { persons } from "../studies/format";
import { withdrawImage } from "./api";
import classes from "./datasets.module.css";
import { datasetQueries } from "./queries";
import type { Reach, Withdrawn } from "./types";
import { photos } from "./words";

interface Props {
  project: Project;
  image: ImageWithPersons;
  opened: boolean;
  onClose: () => void;
}

/** Erases a photo whose subject withdrew it, once its name was typed. */
export function WithdrawDialog({ project, image, opened, onClose }: Props) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const [reason, setReason] = useState("");
  const withdraw = useMutation({ mutationFn: () => withdrawImage(image.id, reason.trim()) });
  const reach = useQuery({ ...datasetQueries.reach(image.id), enabled: opened && !withdraw.data });
  const leave = (to: string) => {
    void client.invalidateQueries({ queryKey: queries.projects().queryKey });
    void client.invalidateQueries({ queryKey: queries.imageOrder(project.id).queryKey });
    void client.invalidateQueries({ queryKey: ["snapshots"] });
    navigate(to);
  };
  const close = () => {
    if (withdraw.isPending) return;
    if (withdraw.data) return leave(`/projects/${project.id}`);
    setTyped("");
    withdraw.reset();
    onClose();
  };
  const matches = typed.trim() === image.file_name;
  return (
    <Modal
      opened={opened}
      onClose={close}
      size="lg"
      title={withdraw.data ? `${image.file_name} was withdrawn` : `Withdraw ${image.file_name}?`}
    >
      {withdraw.data ? (
        <Done withdrawn={withdraw.data} project={project} leave={leave} />
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (matches && !withdraw.isPending) withdraw.mutate();
          }}
        >
          <Stack>
            <Text size="sm">For a photo whose subject no longer wants it used. This cannot be undone.</Text>
            <Paper bg="var(--dm-surface)" p="md" aria-live="polite">
              {reach.data ? (
                <Reached reach={reach.data} />
              ) : (
                <Text size="sm" c="dimmed">
                  {reach.error ? "How far it reaches cannot be told." : "Looking how far it reaches…"}
                </Text>
              )}
            </Paper>
            <List size="sm" spacing={4}>
              <List.Item>
                The photo and {persons(image.persons.length)}, with every mask and mark on them, are erased from the
                server's disk and database: in every project that has the very same file, and in studies that show it.
              </List.Item>
              <List.Item>The same file is refused from now on, so that it does not come back by an import.</List.Item>
              <List.Item>
                No download of a snapshot has it any more; snapshots made before say that they are affected. Copies that
                people downloaded, and backups, you must delete yourself.
              </List.Item>
            </List>
            <InlineError error={reach.error} />
            <Textarea
              label="Reason"
              description="It is kept, so name nobody here."
              placeholder="May stay empty"
              autosize
              minRows={1}
              maxRows={4}
              maxLength={2000}
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
              data-autofocus
            />
            <TextInput
              label={
                <>
                  Type <Code>{image.file_name}</Code> to confirm
                </>
              }
              autoComplete="off"
              spellCheck={false}
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
            />
            <InlineError error={withdraw.error} />
            <Group justify="flex-end">
              <Button variant="default" onClick={close} disabled={withdraw.isPending}>
                Cancel
              </Button>
              <Button type="submit" color="red" disabled={!matches || !reach.data} loading={withdraw.isPending}>
                Withdraw for good
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}

/** How far a withdrawal will reach, by name. */
function Reached({ reach }: { reach: Reach }) {
  const { projects, studies, snapshots } = reach;
  const named = (items: { id: string; name: string }[]) => items.map(({ name }) => name).join(", ");
  return (
    <dl className={classes.reach} data-testid="reach">
      <dt>Erased</dt>
      <dd>
        {projects.map(({ id, name, images, persons: n }) => (
          <div key={id}>
            {name}: {photos(images)}, {persons(n)}
          </div>
        ))}
      </dd>
      <dt>Studies that lose it</dt>
      <dd>{studies.length === 0 ? "none" : named(studies)}</dd>
      <dt>Snapshots affected</dt>
      <dd>{snapshots.length === 0 ? "none" : named(snapshots)}</dd>
    </dl>
  );
}

/** What the withdrawal did, and which snapshots it affects. */
function Done(props: { withdrawn: Withdrawn; project: Project; leave: (to: string) => void }) {
  const { withdrawn, project, leave } = props;
  const { withdrawals, snapshots } = withdrawn;
  const erased = withdrawals.reduce((sum, each) => sum + each.persons, 0);
  const projects = new Set(withdrawals.map(({ project_id }) => project_id)).size;
  return (
    <Stack data-testid="withdrawn">
      <Text size="sm" role="status">
        Erased with {persons(erased)}
        {projects > 1 && `, in ${count(projects)} projects that had the same file`}.{" "}
        {snapshots.length === 0
          ? "No snapshot had it."
          : "These snapshots had it, and are affected: delete copies of them that were downloaded."}
      </Text>
      {snapshots.length > 0 && (
        <List size="sm">
          {snapshots.map(({ id, name }) => (
            <List.Item key={id}>
              <Anchor
                component={Link}
                to={`/snapshots/${id}`}
                size="sm"
                onClick={(event) => {
                  event.preventDefault();
                  leave(`/snapshots/${id}`);
                }}
              >
                {name}
              </Anchor>
            </List.Item>
          ))}
        </List>
      )}
      <Group justify="flex-end">
        {project.can.export && (
          <Button variant="default" onClick={() => leave(`/projects/${project.id}/datasets`)}>
            Go to the datasets
          </Button>
        )}
        <Button onClick={() => leave(`/projects/${project.id}`)} data-autofocus>
          Back to the project
        </Button>
      </Group>
    </Stack>
  );
}
