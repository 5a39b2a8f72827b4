import { Button, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useNavigate } from "react-router";
import type { Account, Member, Project } from "../api/types";
import { SetupPage, SetupRow, useDraft, useKeeping } from "../components/SetupPage";
import { InlineError } from "../components/states";
import { uuid } from "../lib/uuid";
import { AnnotatorSelect } from "../studies/AnnotatorSelect";
import { createSnapshot } from "./api";
import { BodyChoice } from "./BodyChoice";
import { Command } from "./Command";
import { drafts } from "./draft";
import { PreviewPanel, usePreview } from "./PreviewPanel";
import { MarkChoice, Persons, Quality, Tags } from "./SnapshotFields";
import { SplitFields } from "./SplitFields";
import { type Draft, freeName, freshDraft, missingWords, settingsOf } from "./settings";
import { createCommand } from "./shell";

interface Props {
  project: Project;
  /** Names of the project's snapshots. */
  taken: readonly string[];
  /** Null where the viewer may not see the project's people: then the work of all counts. */
  people: { members: readonly Member[]; users: readonly Account[] } | null;
}

/** While someone types, the server is not asked at every key. */
const PAUSE_MS = 250;

/** The form with what was entered before in this tab, or from the beginning. */
export function SnapshotForm(props: Props) {
  const { key, ...before } = useDraft(drafts, props.project.id);
  return <Form key={key} {...props} {...before} />;
}

function Form({ project, taken, people, kept, onAnew }: Props & { kept: Draft | null; onAnew: () => void }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const [draft, setDraft] = useState<Draft>(() => kept ?? freshDraft(freeName(taken)));
  const [id] = useState(uuid);
  const set = (change: Partial<Draft>) => setDraft((now) => ({ ...now, ...change }));

  useKeeping(drafts, project.id, draft);

  const create = useMutation({
    mutationFn: () => createSnapshot(project.id, id, draft.name.trim(), settingsOf(draft)),
    onSuccess: () => {
      drafts.remove(project.id);
      void client.invalidateQueries({ queryKey: ["projects", project.id, "snapshots"] });
      navigate(`/snapshots/${id}`);
    },
  });

  const missing = missingWords(draft, taken);
  const [asked] = useDebouncedValue(draft, PAUSE_MS);
  const valid = missingWords({ ...asked, name: "any" }, []) === null;
  const preview = usePreview(project.id, settingsOf(asked), valid);
  const empty = preview.data?.images === 0;
  const usernames = useMemo(() => new Map(people?.users.map(({ id, username }) => [id, username])), [people]);
  return (
    <SetupPage
      title="New snapshot"
      back="Snapshots"
      kept={kept !== null}
      onAnew={onAnew}
      busy={create.isPending}
      onSubmit={() => {
        if (!missing && !create.isPending) create.mutate();
      }}
      summary={
        <>
          <PreviewPanel preview={preview} />
          <InlineError error={create.error} />
          <Button type="submit" loading={create.isPending} disabled={missing !== null || empty || preview.isError}>
            Make the snapshot
          </Button>
          <Text size="sm" c="dimmed" aria-live="polite">
            {missing ??
              (empty
                ? "Nothing is in it: no finished person fits these settings."
                : "It holds the work of this moment and is made in the background; you may close the browser.")}
          </Text>
          {!missing && (
            <div>
              <Text size="xs" c="dimmed" mb={4}>
                The same in the server's shell
              </Text>
              <Command>{createCommand(project.name, draft, usernames)}</Command>
            </div>
          )}
        </>
      }
    >
      <SetupRow title="Name">
        <TextInput
          aria-label="Name"
          maw={360}
          maxLength={200}
          required
          value={draft.name}
          onChange={(event) => set({ name: event.currentTarget.value })}
        />
      </SetupRow>
      <SetupRow title="Split" text="By photo.">
        <SplitFields splits={draft.splits} onChange={(splits) => set({ splits })} />
      </SetupRow>
      <SetupRow title="Persons" text="Who comes with masks and points.">
        <Persons draft={draft} set={set} />
      </SetupRow>
      <SetupRow title="Marks" text="Where several annotators marked the same point.">
        <MarkChoice draft={draft} set={set} />
      </SetupRow>
      <SetupRow title="Quality" text="Empty fields ask for nothing.">
        <Quality draft={draft} set={set} preview={preview.data} />
      </SetupRow>
      {people && (
        <SetupRow title="Annotators" text="Whose marks count.">
          <AnnotatorSelect
            label="Annotators"
            users={people.users}
            members={people.members}
            value={draft.annotators}
            onChange={(annotators) => set({ annotators })}
          />
          <Text size="xs" c="dimmed" mt={4}>
            {draft.annotators.length === 0 ? "Nobody chosen: everybody's marks count." : "Only theirs."}
          </Text>
        </SetupRow>
      )}
      <SetupRow title="Photos" text="By the tags they were given at import.">
        <Tags draft={draft} set={set} tags={preview.data?.tags} />
      </SetupRow>
      <SetupRow title="Body" text="That the points are on.">
        <BodyChoice
          label={null}
          own={project.body}
          value={draft.body ?? project.body.hash}
          onChange={(hash) => set({ body: hash === project.body.hash ? null : hash })}
        >
          The marks were made on another body. They are transferred to this one when the snapshot is made, and the card
          and the files say so; the first transfer takes about half a minute.
        </BodyChoice>
      </SetupRow>
    </SetupPage>
  );
}
