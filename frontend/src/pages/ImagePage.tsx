import { ActionIcon, Anchor, Box, Button, Group, Text, Tooltip } from "@mantine/core";
import { useDisclosure, useDocumentTitle, useHotkeys } from "@mantine/hooks";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "react-router";
import { deleteImage } from "../api/endpoints";
import { queries } from "../api/queries";
import type { ImageWithPersons, Project } from "../api/types";
import { BoxEditor } from "../boxes/BoxEditor";
import { ConfirmDialog } from "../components/ConfirmDialog";
import { count } from "../components/Meter";
import { ErrorState, LoadingState } from "../components/states";
import { WithdrawDialog } from "../datasets/WithdrawDialog";
import { neighbours } from "../images/neighbours";

export default function ImagePage() {
  const { projectId = "", imageId = "" } = useParams();
  const project = useQuery(queries.project(projectId));
  const image = useQuery(queries.image(imageId));
  const failed = project.error ?? image.error;
  if (project.data && image.data) return <Editor key={imageId} project={project.data} image={image.data} />;
  if (!failed) return <LoadingState label="Loading the photo" />;
  return (
    <ErrorState
      page
      error={failed}
      retry={() => {
        if (project.isError) void project.refetch();
        if (image.isError) void image.refetch();
      }}
    />
  );
}

function Editor({ project, image }: { project: Project; image: ImageWithPersons }) {
  useDocumentTitle(`${image.file_name} · DenseMark`);
  const [deleting, dialog] = useDisclosure(false);
  const [withdrawing, withdrawal] = useDisclosure(false);
  const body = useQuery(queries.body(project.body.hash));
  return (
    <>
      <BoxEditor
        image={image}
        readOnly={!project.can.annotate}
        parts={body.data?.parts.length}
        heading={
          <Group gap="lg" wrap="nowrap" style={{ minWidth: 0 }}>
            <Box style={{ minWidth: 0 }}>
              <Anchor component={Link} to={`/projects/${project.id}`} size="xs" truncate display="block">
                {project.name}
              </Anchor>
              <Text component="h1" fw={600} size="sm" truncate title={image.file_name}>
                {image.file_name}
              </Text>
            </Box>
            <Neighbours project={project} imageId={image.id} />
          </Group>
        }
        footer={
          <Group justify="space-between" px="md" py="xs" style={{ borderTop: "1px solid var(--dm-line)" }}>
            <Text size="xs" c="dimmed" className="numbers">
              {image.width} × {image.height} pixels
            </Text>
            {project.can.manage && (
              <Group gap={4}>
                <Button variant="subtle" color="gray" size="compact-xs" onClick={withdrawal.open}>
                  Withdraw photo…
                </Button>
                <Button variant="subtle" color="gray" size="compact-xs" onClick={dialog.open}>
                  Remove image
                </Button>
              </Group>
            )}
          </Group>
        }
      />
      <RemoveImage project={project} image={image} opened={deleting} onClose={dialog.close} />
      <WithdrawDialog project={project} image={image} opened={withdrawing} onClose={withdrawal.close} />
    </>
  );
}

function Neighbours({ project, imageId }: { project: Project; imageId: string }) {
  const navigate = useNavigate();
  const order = useQuery(queries.imageOrder(project.id));
  const { previous, next, position } = neighbours(order.data ?? [], imageId);
  const to = (id: string) => `/projects/${project.id}/images/${id}`;
  const go = (id: string | null) => () => id && navigate(to(id));
  useHotkeys([
    ["PageUp", go(previous)],
    ["PageDown", go(next)],
  ]);
  return (
    <Group gap={4} wrap="nowrap" component="nav" aria-label="Images">
      <Step label="Previous image (Page Up)" id={previous} to={to} icon={<IconChevronLeft size={18} />} />
      <Text size="xs" c="dimmed" className="numbers" style={{ whiteSpace: "nowrap" }}>
        {position === null ? "" : `${count(position + 1)} of ${count(order.data?.length ?? 0)}`}
      </Text>
      <Step label="Next image (Page Down)" id={next} to={to} icon={<IconChevronRight size={18} />} />
    </Group>
  );
}

function Step(props: { label: string; id: string | null; to: (id: string) => string; icon: React.ReactNode }) {
  if (!props.id) {
    return (
      <ActionIcon aria-label={props.label} disabled>
        {props.icon}
      </ActionIcon>
    );
  }
  return (
    <Tooltip label={props.label}>
      <ActionIcon component={Link} to={props.to(props.id)} aria-label={props.label}>
        {props.icon}
      </ActionIcon>
    </Tooltip>
  );
}

function RemoveImage(props: { project: Project; image: ImageWithPersons; opened: boolean; onClose: () => void }) {
  const { project, image, opened, onClose } = props;
  const client = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => deleteImage(image.id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: queries.projects().queryKey });
      await client.invalidateQueries({ queryKey: queries.imageOrder(project.id).queryKey });
      navigate(`/projects/${project.id}`);
    },
  });
  return (
    <ConfirmDialog
      opened={opened}
      title={`Remove ${image.file_name}?`}
      action="Remove image"
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      The photo and its people leave the project and its exports. Uploading the same file again brings everything back.
    </ConfirmDialog>
  );
}
