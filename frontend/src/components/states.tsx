import { Alert, Button, Center, Group, Loader, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconWifiOff } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { ApiError, messageOf } from "../api/error";

/** A quiet spinner with words for screen readers. */
export function LoadingState({ label = "Loading" }: { label?: string }) {
  return (
    <Center role="status" aria-label={label} mih={200} w="100%">
      <Loader size="sm" type="dots" aria-hidden />
    </Center>
  );
}

/** Nothing here yet, and what to do about it. */
export function EmptyState({
  icon,
  title,
  children,
  action,
  page = false,
}: {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  /** The whole page is this: its title is the page's. */
  page?: boolean;
}) {
  return (
    <Stack align="center" gap="xs" py={56} px="md" ta="center">
      {icon && (
        <Text c="dimmed" lh={0} aria-hidden>
          {icon}
        </Text>
      )}
      <Title order={page ? 1 : 2} size="h2">
        {title}
      </Title>
      {children && (
        <Text c="dimmed" maw={440} component="div">
          {children}
        </Text>
      )}
      {action && <Group mt="sm">{action}</Group>}
    </Stack>
  );
}

/** What went wrong, in one sentence, and a way to try again. */
export function ErrorState(props: {
  error: unknown;
  retry?: (() => void) | undefined;
  title?: string;
  /** The whole page is this: its title is the page's. */
  page?: boolean;
}) {
  const { error, retry, title, page = false } = props;
  const offline = error instanceof ApiError && error.offline;
  // Another try finds no more than this one, unlike with a failing server.
  const gone = error instanceof ApiError && (error.status === 404 || error.status === 403);
  const heading = title ?? (error instanceof ApiError ? error.title : "Something went wrong");
  const message = messageOf(error);
  return (
    <Stack role="alert" align="center" gap="xs" py={56} px="md" ta="center">
      <Text c="dimmed" lh={0} aria-hidden>
        {offline ? <IconWifiOff size={32} stroke={1.5} /> : <IconAlertTriangle size={32} stroke={1.5} />}
      </Text>
      <Title order={page ? 1 : 2} size="h2">
        {heading}
      </Title>
      {message !== heading && (
        <Text c="dimmed" maw={480}>
          {message}
        </Text>
      )}
      {gone && page ? (
        <Button component={Link} to="/projects" variant="default" mt="sm">
          Go to the projects
        </Button>
      ) : (
        retry && (
          <Button variant="default" mt="sm" onClick={retry}>
            Try again
          </Button>
        )
      )}
    </Stack>
  );
}

/** An error of a form or a dialog, where it happened. */
export function InlineError({ error }: { error: unknown }) {
  if (!error) return null;
  return (
    <Alert color="red" variant="light" role="alert" icon={<IconAlertTriangle size={18} aria-hidden />} p="xs">
      {messageOf(error)}
    </Alert>
  );
}
