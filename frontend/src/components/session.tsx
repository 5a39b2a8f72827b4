import { Anchor, Button, Center, Modal, PasswordInput, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState, useSyncExternalStore } from "react";
import { Navigate, Outlet, useLocation } from "react-router";
import { signIn, signOut } from "../api/endpoints";
import { ApiError, messageOf } from "../api/error";
import { MeContext, queries } from "../api/queries";
import { isSignInNeeded, settleSignIn, subscribeSignIn } from "../api/session";
import type { Me } from "../api/types";
import { ErrorState, InlineError, LoadingState } from "./states";

function isUnauthorised(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

/**
 * Lets signed-in people through. Nobody signed in: to the sign-in page and back. A session that ends while the page is
 * open does not leave the page: the sign-in dialog lies over it.
 */
export function SignedIn({ children }: { children?: ReactNode }) {
  const session = useQuery(queries.session());
  const location = useLocation();
  const callsHeld = useSyncExternalStore(subscribeSignIn, isSignInNeeded);
  if (session.data) {
    return (
      <MeContext value={session.data} key={session.data.user.id}>
        {children ?? <Outlet />}
        <SignInDialog me={session.data} opened={callsHeld || isUnauthorised(session.error)} />
      </MeContext>
    );
  }
  if (isUnauthorised(session.error)) {
    return <Navigate to={`/login?next=${encodeURIComponent(location.pathname + location.search)}`} replace />;
  }
  return (
    <Center mih="100vh">
      {session.error ? <ErrorState page error={session.error} retry={() => session.refetch()} /> : <LoadingState />}
    </Center>
  );
}

function SignInDialog({ me, opened }: { me: Me; opened: boolean }) {
  const client = useQueryClient();
  const [password, setPassword] = useState("");
  const again = useMutation({
    mutationFn: () => signIn(me.user.username, password),
    onSuccess: (answer) => {
      setPassword("");
      client.setQueryData(queries.session().queryKey, answer);
      settleSignIn(true);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    again.mutate();
  };
  return (
    <Modal
      opened={opened}
      onClose={() => {}}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title="Sign in to go on"
      zIndex={1000}
    >
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm" c="dimmed">
            Your session has ended. Nothing on this page is lost: after signing in you go on where you are.
          </Text>
          <PasswordInput
            label={`Password of ${me.user.name} (${me.user.username})`}
            autoComplete="current-password"
            data-autofocus
            required
            withAsterisk={false}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <InlineError error={again.error} />
          <Button type="submit" loading={again.isPending}>
            Sign in
          </Button>
          <Anchor component="button" type="button" size="sm" onClick={leave}>
            Leave this page and sign in as someone else
          </Anchor>
        </Stack>
      </form>
    </Modal>
  );
}

/** Signs out and starts afresh: a full page load drops everything that was fetched for this person. */
export async function leave(): Promise<void> {
  settleSignIn(false);
  try {
    await signOut();
  } catch (error) {
    if (!isUnauthorised(error)) {
      notifications.show({ color: "red", title: "Not signed out", message: messageOf(error) });
      return;
    }
  }
  window.location.assign("/login");
}
