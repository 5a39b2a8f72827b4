import { Button, Group, Modal, Select, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { createProject } from "../api/endpoints";
import { queries } from "../api/queries";
import type { BodySummary } from "../api/types";
import { BodyPicture } from "../bodies/BodyPicture";
import { InlineError } from "../components/states";

const DEFAULT_BODY = "anny";

/** The body of a project when nobody chooses. */
function usual(items: readonly BodySummary[]): BodySummary | undefined {
  return items.find(({ name, current }) => name === DEFAULT_BODY && current) ?? items[0];
}

/** Two versions of a body have one name: the older ones are told apart by their hash. */
function labelOf({ name, hash, current }: BodySummary): string {
  return current ? name : `${name} (older, ${hash.slice(0, 8)})`;
}

/** Makes a project and goes there. */
export function CreateProjectDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const bodies = useQuery({ ...queries.bodies(), enabled: opened });
  const items = bodies.data?.items ?? [];
  const form = useForm({
    initialValues: { name: "", description: "", body: "" },
    validate: { name: (value) => (value.trim() ? null : "A project needs a name") },
  });
  const chosen = items.find(({ hash }) => hash === form.values.body) ?? usual(items);
  const create = useMutation({
    mutationFn: (values: { name: string; description: string }) =>
      createProject({
        name: values.name.trim(),
        description: values.description.trim(),
        body: chosen?.hash ?? DEFAULT_BODY,
      }),
    onSuccess: async (project) => {
      client.setQueryData(queries.project(project.id).queryKey, project);
      await client.invalidateQueries({ queryKey: queries.projects().queryKey, exact: true });
      navigate(`/projects/${project.id}`);
    },
  });
  const close = () => {
    form.reset();
    create.reset();
    onClose();
  };
  return (
    <Modal opened={opened} onClose={close} title="New project">
      <form onSubmit={form.onSubmit((values) => create.mutate(values))}>
        <Stack>
          <TextInput label="Name" maxLength={200} required data-autofocus {...form.getInputProps("name")} />
          <Textarea
            label="Description"
            description="What the photos are and what matters in them. Annotators read it."
            autosize
            minRows={3}
            maxLength={10000}
            {...form.getInputProps("description")}
          />
          <Group align="flex-start" wrap="nowrap" gap="md">
            <Stack gap={6} flex={1}>
              <Select
                label="Body"
                description="The surface that the people are annotated against. It stays for the project's whole life."
                allowDeselect={false}
                disabled={items.length === 0}
                value={chosen?.hash ?? null}
                onChange={(hash) => hash && form.setFieldValue("body", hash)}
                data={items.map((each) => ({ value: each.hash, label: labelOf(each) }))}
              />
              {chosen && (
                <Text size="xs" c="dimmed">
                  {chosen.parts} {chosen.parts === 1 ? "part" : "parts"}, {chosen.charts}{" "}
                  {chosen.charts === 1 ? "chart" : "charts"}
                </Text>
              )}
            </Stack>
            <div style={{ width: 116, flex: "none" }}>
              {opened && chosen && <BodyPicture key={chosen.hash} hash={chosen.hash} height={128} />}
            </div>
          </Group>
          <InlineError error={bodies.error ?? create.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending}>
              Create project
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
