import {
  Alert,
  Anchor,
  Button,
  Checkbox,
  Group,
  NumberInput,
  Paper,
  Radio,
  SegmentedControl,
  Stack,
  TagsInput,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useId, useMemo, useState } from "react";
import { Link, useNavigate } from "react-router";
import type { Account, Member, Project } from "../api/types";
import { InlineError } from "../components/states";
import { uuid } from "../lib/uuid";
import { AnnotatorSelect } from "../studies/AnnotatorSelect";
import setup from "../studies/setup.module.css";
import { createSnapshot } from "./api";
import { BodyChoice } from "./BodyChoice";
import { Command } from "./Command";
import { drafts, written } from "./draft";
import { PreviewPanel, usePreview } from "./PreviewPanel";
import { SplitFields } from "./SplitFields";
import { type Choice, type Draft, freeName, freshDraft, type Marks, missingWords, settingsOf } from "./settings";
import { createCommand } from "./shell";
import type { SnapshotPreview } from "./types";

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
  const { id } = props.project;
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: read again when the form begins anew.
  const kept = useMemo(() => drafts.get(id), [id, round]);
  const anew = () => {
    drafts.remove(id);
    setRound(round + 1);
  };
  return <Form key={`${id} ${round}`} {...props} kept={kept} onAnew={anew} />;
}

function Form({ project, taken, people, kept, onAnew }: Props & { kept: Draft | null; onAnew: () => void }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const [draft, setDraft] = useState<Draft>(() => kept ?? freshDraft(freeName(taken)));
  const [id] = useState(uuid);
  const set = (change: Partial<Draft>) => setDraft((now) => ({ ...now, ...change }));

  const text = written(draft);
  const [untouched] = useState(text);
  useEffect(() => {
    if (text !== untouched) drafts.set(project.id, text);
  }, [text, untouched, project.id]);

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
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!missing && !create.isPending) create.mutate();
      }}
    >
      <Stack gap={2} mb="lg">
        <Anchor component={Link} to=".." relative="path" size="sm" w="fit-content">
          Snapshots
        </Anchor>
        <Title order={2}>New snapshot</Title>
      </Stack>
      {kept && (
        <Alert variant="light" p="xs" mb="md" role="status">
          What you entered before is still here.{" "}
          <Anchor component="button" type="button" size="sm" onClick={onAnew} disabled={create.isPending}>
            Begin anew
          </Anchor>
        </Alert>
      )}
      <div className={setup.page}>
        <Paper bg="var(--dm-surface)">
          <Row title="Name">
            <TextInput
              aria-label="Name"
              maw={360}
              maxLength={200}
              required
              value={draft.name}
              onChange={(event) => set({ name: event.currentTarget.value })}
            />
          </Row>
          <Row title="Split" text="By photo.">
            <SplitFields splits={draft.splits} onChange={(splits) => set({ splits })} />
          </Row>
          <Row title="Persons" text="Who comes with masks and points.">
            <Persons draft={draft} set={set} />
          </Row>
          <Row title="Marks" text="Where several annotators marked the same point.">
            <MarkChoice draft={draft} set={set} />
          </Row>
          <Row title="Quality" text="Empty fields ask for nothing.">
            <Quality draft={draft} set={set} preview={preview.data} />
          </Row>
          {people && (
            <Row title="Annotators" text="Whose marks count.">
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
            </Row>
          )}
          <Row title="Photos" text="By the tags they were given at import.">
            <Tags draft={draft} set={set} tags={preview.data?.tags} />
          </Row>
          <Row title="Body" text="That the points are on.">
            <BodyChoice
              label={null}
              own={project.body}
              value={draft.body ?? project.body.hash}
              onChange={(hash) => set({ body: hash === project.body.hash ? null : hash })}
            >
              The marks were made on another body. They are transferred to this one when the snapshot is made, and the
              card and the files say so; the first transfer takes about half a minute.
            </BodyChoice>
          </Row>
        </Paper>
        <Paper bg="var(--dm-surface)" p="lg" className={setup.summary}>
          <Stack gap="md">
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
          </Stack>
        </Paper>
      </div>
    </form>
  );
}

interface FieldProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
}

function Persons({ draft, set }: FieldProps) {
  return (
    <Stack gap="md">
      <Radio.Group
        aria-label="Persons"
        value={draft.unfinished ? "points" : "done"}
        onChange={(value) => set({ unfinished: value === "points" })}
      >
        <Stack gap="xs">
          <Radio value="done" label="Finished persons" />
          <Radio
            value="points"
            label="Those whose points are still being marked, too"
            description="With their masks, and the points marked so far."
          />
        </Stack>
      </Radio.Group>
      <Checkbox
        label="The other persons of these photos stay"
        description="They stand with box and outline, as not annotated. Without them, people are to be seen of whom the dataset knows nothing."
        checked={draft.others}
        onChange={(event) => set({ others: event.currentTarget.checked })}
      />
      <InOrOut label="Rendered persons" value={draft.rendered} onChange={(rendered) => set({ rendered })} />
      <InOrOut label="Persons of known truth (gold)" value={draft.gold} onChange={(gold) => set({ gold })} />
    </Stack>
  );
}

function InOrOut(props: { label: string; value: Choice; onChange: (value: Choice) => void }) {
  const id = useId();
  return (
    <Group gap="sm">
      <Text size="sm" id={id}>
        {props.label}
      </Text>
      <SegmentedControl
        size="xs"
        aria-labelledby={id}
        value={props.value}
        onChange={(value) => props.onChange(value as Choice)}
        data={[
          { value: "with", label: "In" },
          { value: "without", label: "Out" },
          { value: "only", label: "Only them" },
        ]}
      />
    </Group>
  );
}

function MarkChoice({ draft, set }: FieldProps) {
  return (
    <Radio.Group aria-label="Marks" value={draft.marks} onChange={(value) => set({ marks: value as Marks })}>
      <Stack gap="xs">
        <Radio
          value="consensus"
          label="Consensus"
          description="The mark nearest to all others along the surface; a point that no majority marked is left out."
        />
        <Radio value="single" label="Single" description="The latest mark." />
      </Stack>
    </Radio.Group>
  );
}

function Quality({ draft, set, preview }: FieldProps & { preview: SnapshotPreview | undefined }) {
  const number = (value: number | string) => (typeof value === "number" && value > 0 ? value : null);
  return (
    <Stack gap="md" maw={420}>
      <NumberInput
        label="Measured error of the annotator, at most"
        description={studyWords(preview)}
        placeholder="e.g. 3 cm"
        suffix=" cm"
        min={0}
        max={100}
        decimalScale={2}
        step={0.5}
        value={draft.maxError ?? ""}
        onChange={(value) => set({ maxError: number(value) })}
        disabled={preview !== undefined && preview.study === null && draft.maxError === null}
      />
      <NumberInput
        label="Flagged points of a person, at most"
        description="Persons with more of them stand as not annotated."
        placeholder="e.g. 20%"
        suffix="%"
        min={0}
        max={100}
        decimalScale={1}
        step={5}
        value={draft.maxFlagged ?? ""}
        onChange={(value) => set({ maxFlagged: typeof value === "number" ? value : null })}
      />
      <Group grow align="flex-end">
        <NumberInput
          label="Marks on a point, at least"
          description="By so many annotators."
          min={1}
          max={100}
          allowDecimal={false}
          value={draft.minMarks}
          onChange={(value) => set({ minMarks: number(value) ?? 1 })}
        />
        <NumberInput
          label="Their distance, at most"
          description="Points with one mark stay."
          placeholder="e.g. 4 cm"
          suffix=" cm"
          min={0}
          max={100}
          decimalScale={2}
          step={0.5}
          value={draft.maxSpread ?? ""}
          onChange={(value) => set({ maxSpread: number(value) })}
        />
      </Group>
    </Stack>
  );
}

/** By which study annotators are known, and how many of them are good enough. */
function studyWords(preview: SnapshotPreview | undefined): string {
  const study = preview?.study;
  if (!study) return "Nobody was measured yet: it takes an accuracy study and its report.";
  const known = `By the study “${study.name}”`;
  return study.good_enough === null
    ? `${known}, which measured ${study.measured} ${study.measured === 1 ? "annotator" : "annotators"}. Who was not measured is left out.`
    : `${known}: ${study.good_enough} of ${study.measured} are good enough. Who was not measured is left out.`;
}

function Tags({ draft, set, tags }: FieldProps & { tags: Readonly<Record<string, number>> | undefined }) {
  const known = Object.keys(tags ?? {});
  if (known.length === 0 && draft.tags.length === 0 && draft.withoutTags.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        No photo has tags: all photos.
      </Text>
    );
  }
  return (
    <Stack gap="sm" maw={420}>
      <TagsInput
        label="With one of these tags"
        placeholder={draft.tags.length === 0 ? "All photos" : ""}
        error={unknownTag(draft.tags, known)}
        data={known}
        value={draft.tags}
        onChange={(chosen) => set({ tags: chosen })}
        comboboxProps={{ withinPortal: false }}
      />
      <TagsInput
        label="With none of these tags"
        error={unknownTag(draft.withoutTags, known)}
        data={known}
        value={draft.withoutTags}
        onChange={(chosen) => set({ withoutTags: chosen })}
        comboboxProps={{ withinPortal: false }}
      />
    </Stack>
  );
}

/** What is said of a tag that is on no photo. */
function unknownTag(chosen: readonly string[], known: readonly string[]): string | null {
  const unknown = chosen.find((tag) => !known.includes(tag));
  return unknown === undefined ? null : `No photo has the tag “${unknown}”.`;
}

function Row({ title, text, children }: { title: string; text?: string; children: ReactNode }) {
  return (
    <section className={setup.row}>
      <div>
        <Text fw={560} c="bright" size="sm">
          {title}
        </Text>
        {text && (
          <Text size="xs" c="dimmed">
            {text}
          </Text>
        )}
      </div>
      <div>{children}</div>
    </section>
  );
}
