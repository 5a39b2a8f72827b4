import { Checkbox, Group, NumberInput, Radio, SegmentedControl, Stack, TagsInput, Text } from "@mantine/core";
import { useId } from "react";
import classes from "./datasets.module.css";
import type { Choice, Draft, Marks } from "./settings";
import type { SnapshotPreview } from "./types";

interface FieldProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
}

export function Persons({ draft, set }: FieldProps) {
  return (
    <Stack gap="md">
      <Radio.Group
        aria-label="Persons"
        value={draft.unfinished ? "points" : "done"}
        onChange={(value) => set({ unfinished: value === "points" })}
      >
        <Stack gap="sm">
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
      <div className={classes.inOrOut}>
        <InOrOut label="Rendered persons" value={draft.rendered} onChange={(rendered) => set({ rendered })} />
        <InOrOut label="Persons of known truth (gold)" value={draft.gold} onChange={(gold) => set({ gold })} />
      </div>
    </Stack>
  );
}

function InOrOut(props: { label: string; value: Choice; onChange: (value: Choice) => void }) {
  const id = useId();
  return (
    <>
      <Text size="sm" id={id}>
        {props.label}
      </Text>
      <SegmentedControl
        size="sm"
        aria-labelledby={id}
        value={props.value}
        onChange={(value) => props.onChange(value as Choice)}
        data={[
          { value: "with", label: "In" },
          { value: "without", label: "Out" },
          { value: "only", label: "Only them" },
        ]}
      />
    </>
  );
}

export function MarkChoice({ draft, set }: FieldProps) {
  return (
    <Radio.Group aria-label="Marks" value={draft.marks} onChange={(value) => set({ marks: value as Marks })}>
      <Stack gap="sm">
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

export function Quality({ draft, set, preview }: FieldProps & { preview: SnapshotPreview | undefined }) {
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

export function Tags({ draft, set, tags }: FieldProps & { tags: Readonly<Record<string, number>> | undefined }) {
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
