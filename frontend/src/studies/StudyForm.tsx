import {
  Button,
  Group,
  NumberInput,
  Radio,
  SegmentedControl,
  Slider,
  Stack,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useNavigate } from "react-router";
import type { Account, Body, Member, Person, Project } from "../api/types";
import { SetupPage, SetupRow, useDraft, useKeeping } from "../components/SetupPage";
import { InlineError } from "../components/states";
import { startRenders } from "../jobs/api";
import { NOTHING } from "../jobs/OwnFiles";
import { newSeed } from "../jobs/RenderDialog";
import { partsOf } from "../parts";
import { AnnotatorSelect } from "./AnnotatorSelect";
import { createStudy, openStudy } from "./api";
import { type Draft, drafts } from "./draft";
import { PartPicker } from "./PartPicker";
import {
  type Choice,
  chosenCount,
  PersonChoice,
  room,
  shortageWords,
  stillThere,
  USUAL,
  USUAL_SIZE,
} from "./PersonChoice";
import { StudyCost } from "./StudyCost";
import type { MasksWay } from "./types";
import { usePace } from "./usePace";

interface Props {
  project: Project;
  body: Body;
  members: readonly Member[];
  users: readonly Account[];
  /** Rendered persons of the project. */
  present: readonly Person[];
}

const OCCLUDERS = 0.3;

const PRACTICE = 2;
/** Points of a part where nothing else is asked for: with the usual persons that is some 90 minutes each. */
const PER_PART = 3;

/** What is asked for at first: of the persons that are there as many as can be measured, where there are some. */
export function firstChoice(there: number): Choice {
  const source = there >= 10 ? "present" : "render";
  const count = source === "present" ? Math.min(USUAL, room(there, PRACTICE)) : USUAL;
  return { source, count, seed: newSeed(), size: USUAL_SIZE, own: NOTHING, picked: null };
}

/** Who takes part where nothing else is said: the project's annotators; programs are chosen by name. */
function firstAnnotators(members: readonly Member[], users: readonly Account[]): string[] {
  const people = new Set(users.filter(({ simulated, active }) => active && !simulated).map(({ id }) => id));
  return members
    .filter(({ role, user_id }) => role === "annotator" && people.has(user_id))
    .map(({ user_id }) => user_id);
}

/** Shares of the persons that are shown twice; a sixth is what the server takes where it is not told. */
const TWICE = { none: 0, sixth: 1 / 6, third: 1 / 3 } as const;

/** The form with what was entered before in this tab, or from the beginning. */
export function StudyForm(props: Props) {
  const { key, ...before } = useDraft(drafts, props.project.id);
  return <Form key={key} {...props} {...before} />;
}

function Form({
  project,
  body,
  members,
  users,
  present,
  kept,
  onAnew,
}: Props & { kept: Draft | null; onAnew: () => void }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const parts = useMemo(() => partsOf(body), [body]);
  const [name, setName] = useState(kept?.name ?? `Accuracy ${new Date().toLocaleDateString("en-CA")}`);
  const [description, setDescription] = useState(kept?.description ?? "");
  const [choice, setChoice] = useState<Choice>(() =>
    kept ? stillThere(kept.choice, present) : firstChoice(present.length),
  );
  const [annotators, setAnnotators] = useState(
    () => kept?.annotators.filter((id) => users.some((user) => user.id === id)) ?? firstAnnotators(members, users),
  );
  const [chosen, setChosen] = useState<ReadonlySet<number>>(
    () => new Set(kept?.parts ?? parts.all.map(({ label }) => label)),
  );
  const [perPart, setPerPart] = useState(kept?.perPart ?? PER_PART);
  const [masks, setMasks] = useState<MasksWay>(kept?.masks ?? "given");
  const [practice, setPractice] = useState(kept?.practice ?? PRACTICE);
  const [twice, setTwice] = useState<keyof typeof TWICE>(kept?.twice ?? "sixth");
  const persons = chosenCount(choice);
  const again = Math.round(persons * TWICE[twice]);

  const create = useMutation({
    mutationFn: async (open: boolean): Promise<string> => {
      const study = {
        name: name.trim(),
        description: description.trim(),
        annotators,
        parts: chosen.size === parts.count ? null : [...chosen].sort((a, b) => a - b),
        points_per_part: perPart,
        masks,
        practice,
        again,
      };
      if (choice.source === "render") {
        await startRenders(project.id, {
          count: choice.count + practice,
          size: choice.size,
          seed: choice.seed,
          persons: [1, 1],
          occluders: OCCLUDERS,
          ...choice.own,
          study,
          open_study: open,
        });
        return `/projects/${project.id}/accuracy`;
      }
      const persons = choice.picked ? { persons: [...choice.picked] } : { count: choice.count };
      const made = await createStudy(project.id, { ...study, ...persons });
      if (open) await openStudy(made.id);
      return `/studies/${made.id}`;
    },
    onSuccess: (to) => {
      drafts.remove(project.id);
      for (const what of ["studies", "jobs"])
        void client.invalidateQueries({ queryKey: ["projects", project.id, what] });
      navigate(to);
    },
  });

  useKeeping(drafts, project.id, {
    name,
    description,
    choice,
    annotators,
    parts: [...chosen],
    perPart,
    masks,
    practice,
    twice,
  });

  const shortage = choice.source === "present" ? shortageWords(persons, practice, present.length) : null;
  const missing = shortage ?? missingWords({ name, persons, annotators: annotators.length, parts: chosen.size });
  const busy = create.isPending;
  const pace = usePace(project.id);
  const outline = {
    persons,
    annotators: annotators.length,
    parts: chosen.size,
    pointsPerPart: perPart,
    masks,
    practice,
    again,
    measured: pace,
  };
  return (
    <SetupPage
      title="New study"
      back="Accuracy studies"
      kept={kept !== null}
      onAnew={onAnew}
      busy={busy}
      onSubmit={() => {
        if (!missing && !busy) create.mutate(true);
      }}
      summary={
        <>
          <StudyCost outline={outline} />
          <InlineError error={create.error} />
          <Stack gap="xs">
            <Button type="submit" loading={busy && create.variables === true} disabled={missing !== null || busy}>
              Create and open
            </Button>
            <Button
              variant="default"
              loading={busy && create.variables === false}
              disabled={missing !== null || busy}
              onClick={() => create.mutate(false)}
            >
              Create, open later
            </Button>
          </Stack>
          {(missing ?? choice.source === "render") && (
            <Text size="sm" c="dimmed" aria-live="polite">
              {missing ??
                "The persons are rendered first. Then the study is set up by itself; you may close the browser."}
            </Text>
          )}
        </>
      }
    >
      <SetupRow title="Name">
        <TextInput
          aria-label="Name"
          maxLength={200}
          required
          value={name}
          onChange={(e) => setName(e.currentTarget.value)}
        />
      </SetupRow>
      <SetupRow title="Note" text="Annotators read it before they begin.">
        <Textarea
          aria-label="Note to the annotators"
          placeholder="May stay empty"
          autosize
          minRows={1}
          maxLength={5000}
          value={description}
          onChange={(e) => setDescription(e.currentTarget.value)}
        />
      </SetupRow>
      <SetupRow title="Persons" text="Rendered, so that the truth is known.">
        <PersonChoice
          projectId={project.id}
          choice={choice}
          onChange={setChoice}
          present={present}
          practice={practice}
        />
      </SetupRow>
      <SetupRow title="Annotators" text="Each marks every person, in an order of their own.">
        <AnnotatorSelect
          label="Annotators"
          users={users}
          members={members}
          value={annotators}
          onChange={setAnnotators}
        />
      </SetupRow>
      <SetupRow title="Parts" text="Which parts of the body are marked.">
        <PartPicker parts={parts} chosen={chosen} onChange={setChosen} />
      </SetupRow>
      <SetupRow title="Points per part" text="At most; small parts get fewer.">
        <Group gap="lg" align="flex-start" wrap="nowrap" maw={460}>
          <Slider
            aria-label="Points per part"
            thumbLabel="Points per part"
            label={null}
            min={1}
            max={14}
            value={perPart}
            onChange={setPerPart}
            marks={[1, PER_PART, 14].map((value) => ({ value, label: value }))}
            mb="md"
            mt={4}
            flex={1}
          />
          <Text size="sm" fw={560} c="bright" className="numbers" miw={24} lh={1} aria-hidden>
            {perPart}
          </Text>
        </Group>
      </SetupRow>
      <SetupRow title="Masks">
        <Radio.Group aria-label="Masks" value={masks} onChange={(value) => setMasks(value as MasksWay)}>
          <Stack gap="sm">
            <Radio
              value="given"
              label="Given"
              description="Annotators get the true part masks and only mark points. Everybody sees the same points, so people can be compared pair by pair. As in the paper."
            />
            <Radio
              value="drawn"
              label="Drawn"
              description="Annotators paint the parts first, then mark the points that fall in their own masks. Slower; measures the masks as well."
            />
          </Stack>
        </Radio.Group>
      </SetupRow>
      <SetupRow title="Practice" text="Not counted. After each, annotators see how far off they were.">
        <NumberInput
          aria-label="Practice persons"
          w={140}
          min={0}
          max={20}
          allowDecimal={false}
          suffix={practice === 1 ? " person" : " persons"}
          value={practice}
          onChange={(value) => setPractice(Number(value) || 0)}
        />
      </SetupRow>
      <SetupRow title="Shown twice" text="Tells how well annotators agree with themselves. A sixth is usual.">
        <SegmentedControl
          aria-label="Persons shown twice"
          w="fit-content"
          value={twice}
          onChange={(value) => setTwice(value as keyof typeof TWICE)}
          data={[
            { value: "none", label: "Nobody" },
            { value: "sixth", label: `A sixth (${Math.round(persons * TWICE.sixth)})` },
            { value: "third", label: `A third (${Math.round(persons * TWICE.third)})` },
          ]}
        />
      </SetupRow>
    </SetupPage>
  );
}

/** What a study still lacks, in one sentence. */
export function missingWords(has: { name: string; persons: number; annotators: number; parts: number }): string | null {
  if (!has.name.trim()) return "The study needs a name.";
  if (has.persons < 1) return "Choose at least one person.";
  if (has.annotators < 1) return "Choose at least one annotator.";
  return has.parts < 1 ? "Choose at least one part." : null;
}
