import { Alert, Anchor, Button, Group, NumberInput, SegmentedControl, Select, Stack, Text } from "@mantine/core";
import { thumbnailUrl } from "../api/endpoints";
import type { Person } from "../api/types";
import { count } from "../components/Meter";
import { type Chosen, OwnFiles } from "../jobs/OwnFiles";
import { persons as personsText } from "./format";
import classes from "./setup.module.css";

/** Where a study's persons come from. `picked` null: `count` of those that are there, at random. */
export interface Choice {
  source: "render" | "present";
  count: number;
  seed: number;
  /** Pixels of a rendered image's side. */
  size: number;
  /** Own files to render with. */
  own: Chosen;
  picked: ReadonlySet<string> | null;
}

/** No more persons are rendered for a study at once. */
const MOST = 2000;

/** So many persons are measured where nothing else is asked for. */
export const USUAL = 20;

/** Sides of rendered images, pixels; on the smallest a whole person's head has about 40 and a hand 15. */
const SIZES = [512, 768, 1024];
export const USUAL_SIZE = 768;

/** How many of the persons that are there can be measured, beside those for practice. */
export const room = (there: number, practice: number) => Math.max(there - practice, 0);

/** Why so many persons cannot be measured beside those for practice, in a sentence; null where they can. */
export function shortageWords(wanted: number, practice: number, there: number): string | null {
  const free = room(there, practice);
  if (wanted <= free) return null;
  if (practice === 0)
    return `Only ${personsText(there)} ${there === 1 ? "is" : "are"} rendered. Choose fewer, or render more.`;
  if (free === 0)
    return `With ${practice} for practice nobody is left to be measured. Practise on fewer, or render more.`;
  return `With ${practice} for practice only ${personsText(free)} can be measured. Choose fewer, or render more.`;
}

/** A choice without the persons that were deleted since. */
export function stillThere(choice: Choice, present: readonly Pick<Person, "id">[]): Choice {
  const { picked } = choice;
  return picked ? { ...choice, picked: new Set(present.map(({ id }) => id).filter((id) => picked.has(id))) } : choice;
}

/** How many persons a choice means. */
export const chosenCount = ({ source, count, picked }: Choice) =>
  source === "present" && picked ? picked.size : count;

interface Props {
  projectId: string;
  choice: Choice;
  onChange: (choice: Choice) => void;
  /** The project's rendered persons. */
  present: readonly Person[];
  /** Persons that come first for practice, beside those that are measured. */
  practice: number;
}

/** Renders new persons or chooses among those that the project has. */
export function PersonChoice({ projectId, choice, onChange, present, practice }: Props) {
  const set = (change: Partial<Choice>) => onChange({ ...choice, ...change });
  const some = present.length;
  return (
    <Stack gap="sm">
      <SegmentedControl
        aria-label="Where the persons come from"
        value={choice.source}
        onChange={(value) => {
          const source = value as Choice["source"];
          set(
            source === "present"
              ? { source, count: Math.min(choice.count, Math.max(room(some, practice), 1)) }
              : { source },
          );
        }}
        data={[
          { value: "render", label: "Render new ones" },
          { value: "present", label: `Already rendered (${count(some)})`, disabled: some === 0 },
        ]}
        w="fit-content"
      />
      {choice.source === "render" ? (
        <>
          <Group align="flex-end" gap="sm">
            <NumberInput
              label="How many"
              w={110}
              min={1}
              max={MOST}
              allowDecimal={false}
              value={choice.count}
              onChange={(value) => set({ count: Number(value) || 0 })}
            />
            <NumberInput
              label="Seed"
              w={130}
              min={0}
              max={999_999_999}
              allowDecimal={false}
              value={choice.seed}
              onChange={(value) => set({ seed: Number(value) || 0 })}
            />
            <Select
              label="Image size"
              w={190}
              allowDeselect={false}
              value={String(choice.size)}
              onChange={(value) => value && set({ size: Number(value) })}
              data={SIZES.map((n) => ({ value: String(n), label: `${n} × ${n} pixels` }))}
            />
          </Group>
          <Text size="sm" c="dimmed">
            One person in each image{practice > 0 && `, and ${count(practice)} more for practice`}. They are rendered
            when you create the study; the same seed gives the same persons again. Heads and hands are easier to mark on
            larger images.
          </Text>
          <OwnFiles projectId={projectId} value={choice.own} onChange={(own) => set({ own })} />
        </>
      ) : (
        <Present choice={choice} present={present} practice={practice} set={set} />
      )}
    </Stack>
  );
}

interface PresentProps {
  choice: Choice;
  present: readonly Person[];
  practice: number;
  set: (change: Partial<Choice>) => void;
}

function Present({ choice, present, practice, set }: PresentProps) {
  const { picked } = choice;
  const shortage = shortageWords(chosenCount(choice), practice, present.length);
  if (!picked) {
    return (
      <Group align="flex-start" gap="md">
        <NumberInput
          label="How many, chosen at random"
          w={260}
          min={1}
          max={Math.max(room(present.length, practice), 1)}
          clampBehavior="none"
          error={shortage}
          allowDecimal={false}
          value={choice.count}
          onChange={(value) => set({ count: Number(value) || 0 })}
        />
        <Button
          mt={24}
          variant="default"
          onClick={() => set({ picked: new Set(present.slice(0, choice.count).map(({ id }) => id)) })}
        >
          Choose them myself
        </Button>
      </Group>
    );
  }
  const toggle = (id: string) => {
    const next = new Set(picked);
    if (!next.delete(id)) next.add(id);
    set({ picked: next });
  };
  return (
    <Stack gap="xs">
      <Group gap="md">
        <Text size="sm" c="dimmed" className="numbers" aria-live="polite">
          {count(picked.size)} of {personsText(present.length)} chosen
        </Text>
        <Anchor
          component="button"
          type="button"
          size="sm"
          onClick={() => set({ picked: new Set(present.map(({ id }) => id)) })}
        >
          All
        </Anchor>
        <Anchor component="button" type="button" size="sm" onClick={() => set({ picked: new Set() })}>
          None
        </Anchor>
        <Anchor component="button" type="button" size="sm" onClick={() => set({ picked: null })}>
          At random instead
        </Anchor>
      </Group>
      {(picked.size === 0 || shortage) && (
        <Alert color="yellow" variant="light" p="xs">
          {shortage ?? "Choose at least one person."}
        </Alert>
      )}
      <ul className={classes.thumbs} aria-label="Rendered persons">
        {present.map((person, n) => (
          <li key={person.id}>
            <label className={classes.thumb}>
              <input
                type="checkbox"
                checked={picked.has(person.id)}
                onChange={() => toggle(person.id)}
                aria-label={`Person ${n + 1}`}
              />
              <img src={thumbnailUrl(person.image_id, 128)} alt="" loading="lazy" />
            </label>
          </li>
        ))}
      </ul>
    </Stack>
  );
}
