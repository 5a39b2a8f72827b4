import { Button, Group, Modal, Stack, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { createProject } from "../api/endpoints";
import { queries } from "../api/queries";
import { InlineError } from "../components/states";

/** Makes a project and goes there. */
export function CreateProjectDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const form = useForm({
    initialValues: { name: "", description: "" },
    validate: { name: (value) => (value.trim() ? null : "A project needs a name") },
  });
  const create = useMutation({
    mutationFn: (values: { name: string; description: string }) =>
      createProject({ name: values.name.trim(), description: values.description.trim(), body: "anny" }),
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
          <InlineError error={create.error} />
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
