import { Button, Group, Input, Modal, NumberInput, RangeSlider, Select, SimpleGrid, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link } from "react-router";
import { InlineError } from "../components/states";
import { isOver, startRenders } from "./api";
import { JobProgress } from "./JobProgress";
import { type Chosen, NOTHING, OwnFiles } from "./OwnFiles";
import { useJob } from "./useJob";

const SIZES = [256, 384, 512, 640, 768, 1024, 2048];

/** A seed that is easily read out loud and written down. */
export const newSeed = () => Math.floor(Math.random() * 9000) + 1000;

/** Renders new persons, whose true surface points are known, into a project. */
export function RenderDialog(props: { projectId: string; opened: boolean; onClose: () => void }) {
  const { projectId, opened, onClose } = props;
  const client = useQueryClient();
  const [count, setCount] = useState<number | string>(30);
  const [size, setSize] = useState(512);
  const [seed, setSeed] = useState<number | string>(newSeed);
  const [persons, setPersons] = useState<[number, number]>([1, 1]);
  const [occluders, setOccluders] = useState<number | string>(30);
  const [cut, setCut] = useState<number | string>(25);
  const [own, setOwn] = useState<Chosen>(NOTHING);
  const start = useMutation({
    mutationFn: () =>
      startRenders(projectId, {
        count: Number(count),
        size,
        seed: Number(seed),
        persons,
        occluders: Number(occluders) / 100,
        cut: Number(cut) / 100,
        ...own,
      }),
    onSuccess: (job) => client.setQueryData(["jobs", job.id], job),
  });
  const job = useJob(start.data?.id);
  const over = job ? isOver(job.state) : false;
  const done = job?.done ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is in the project grows with every finished shard.
  useEffect(() => {
    if (job) void client.invalidateQueries({ queryKey: ["projects", projectId] });
  }, [client, projectId, done, over]);
  const close = () => {
    onClose();
    if (over) {
      start.reset();
      setSeed(newSeed());
    }
  };
  return (
    <Modal opened={opened} onClose={close} title="Render persons" size="lg">
      {job ? (
        <Stack>
          <JobProgress job={job} />
          <Text size="sm" c="dimmed">
            {over
              ? "The images are in the project."
              : "This goes on when you close the dialog or the browser; images appear as they are ready."}
          </Text>
          <Group justify="flex-end">
            <Button variant="default" component={Link} to={`/projects/${projectId}/jobs`}>
              All jobs
            </Button>
            <Button onClick={close} data-autofocus>
              Close
            </Button>
          </Group>
        </Stack>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            start.mutate();
          }}
        >
          <Stack>
            <Text size="sm" c="dimmed">
              Persons made by the computer, in varied shape, pose, clothes, light and place. For every pixel it is known
              where on the body it lies, so annotations on them can be measured against the truth.
            </Text>
            <SimpleGrid cols={{ base: 1, xs: 3 }} verticalSpacing="md">
              <NumberInput
                label="Images"
                description="How many"
                min={1}
                max={20000}
                allowDecimal={false}
                required
                withAsterisk={false}
                value={count}
                onChange={setCount}
                data-autofocus
              />
              <Select
                label="Size"
                description="Of an image"
                allowDeselect={false}
                value={String(size)}
                onChange={(value) => value && setSize(Number(value))}
                data={SIZES.map((n) => ({ value: String(n), label: `${n} × ${n} pixels` }))}
              />
              <NumberInput
                label="Seed"
                description="Same seed, same persons"
                min={0}
                max={999_999_999}
                allowDecimal={false}
                required
                withAsterisk={false}
                value={seed}
                onChange={setSeed}
              />
              <Input.Wrapper
                label="Persons in an image"
                labelElement="div"
                description={persons[0] === persons[1] ? `Always ${persons[0]}` : `${persons[0]} to ${persons[1]}`}
              >
                <RangeSlider
                  min={1}
                  max={4}
                  minRange={0}
                  value={persons}
                  onChange={setPersons}
                  label={null}
                  thumbFromLabel="Fewest persons in an image"
                  thumbToLabel="Most persons in an image"
                  marks={[1, 2, 3, 4].map((value) => ({ value, label: value }))}
                  mt={14}
                  mx={6}
                  mb="md"
                />
              </Input.Wrapper>
              <NumberInput
                label="Things in front"
                description="Share of the images"
                suffix="%"
                min={0}
                max={100}
                allowDecimal={false}
                required
                withAsterisk={false}
                value={occluders}
                onChange={setOccluders}
              />
              <NumberInput
                label="Cut by the border"
                description="Share of the images"
                suffix="%"
                min={0}
                max={100}
                allowDecimal={false}
                required
                withAsterisk={false}
                value={cut}
                onChange={setCut}
              />
            </SimpleGrid>
            <OwnFiles projectId={projectId} value={own} onChange={setOwn} />
            <InlineError error={start.error} />
            <Group justify="flex-end">
              <Button variant="default" onClick={close}>
                Cancel
              </Button>
              <Button type="submit" loading={start.isPending} disabled={count === "" || seed === ""}>
                Render
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
