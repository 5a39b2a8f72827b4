import { Button, Group, Modal, Stack, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { updateProject } from "../api/endpoints";
import { ApiError } from "../api/error";
import { queries } from "../api/queries";
import type { Project } from "../api/types";
import { InlineError } from "../components/states";

/** Name and description. A change that somebody else made meanwhile is fetched and the typed text stays. */
export function EditProjectDialog(props: { project: Project; opened: boolean; onClose: () => void }) {
  const { project, opened, onClose } = props;
  const client = useQueryClient();
  const key = queries.project(project.id).queryKey;
  const form = useForm({
    initialValues: { name: project.name, description: project.description },
    validate: { name: (value) => (value.trim() ? null : "A project needs a name") },
  });
  const { setValues } = form;
  // biome-ignore lint/correctness/useExhaustiveDependencies: filled in when the dialog opens, not when the project changes
  useEffect(() => {
    if (opened) setValues({ name: project.name, description: project.description });
  }, [opened]);
  const update = useMutation({
    mutationFn: (values: { name: string; description: string }) =>
      updateProject(project.id, {
        revision: project.revision,
        name: values.name.trim(),
        description: values.description.trim(),
      }),
    onSuccess: (updated) => {
      client.setQueryData(key, updated);
      void client.invalidateQueries({ queryKey: queries.projects().queryKey, exact: true });
      onClose();
    },
    onError: (error) => {
      if (error instanceof ApiError && error.status === 409) void client.invalidateQueries({ queryKey: key });
    },
  });
  const close = () => {
    update.reset();
    onClose();
  };
  return (
    <Modal opened={opened} onClose={close} title="Project">
      <form onSubmit={form.onSubmit((values) => update.mutate(values))}>
        <Stack>
          <TextInput label="Name" maxLength={200} required data-autofocus {...form.getInputProps("name")} />
          <Textarea
            label="Description"
            autosize
            minRows={3}
            maxRows={12}
            maxLength={10000}
            {...form.getInputProps("description")}
          />
          <InlineError error={update.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={update.isPending}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
