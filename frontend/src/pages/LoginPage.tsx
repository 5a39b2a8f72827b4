import { Button, Center, Paper, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDocumentTitle } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearchParams } from "react-router";
import { signIn } from "../api/endpoints";
import { queries } from "../api/queries";
import { InlineError } from "../components/states";
import { safeNext } from "../lib/navigation";

export default function LoginPage() {
  useDocumentTitle("Sign in · DenseMark");
  const client = useQueryClient();
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const form = useForm({ initialValues: { username: "", password: "" } });
  const enter = useMutation({
    mutationFn: (values: { username: string; password: string }) => signIn(values.username.trim(), values.password),
    onSuccess: (me) => {
      client.clear();
      client.setQueryData(queries.session().queryKey, me);
      navigate(safeNext(search.get("next")), { replace: true });
    },
  });
  return (
    <Center component="main" mih="100vh" p="md">
      <Stack w={360} gap="lg">
        <Stack gap={6} align="center">
          <img src="/icon.svg" alt="" width={44} height={44} />
          <Title order={1}>Sign in to DenseMark</Title>
        </Stack>
        <Paper p="lg" bg="var(--dm-surface)">
          <form onSubmit={form.onSubmit((values) => enter.mutate(values))}>
            <Stack>
              <TextInput
                label="Username"
                autoComplete="username"
                autoCapitalize="none"
                spellCheck={false}
                autoFocus
                required
                withAsterisk={false}
                {...form.getInputProps("username")}
              />
              <PasswordInput
                label="Password"
                autoComplete="current-password"
                required
                withAsterisk={false}
                {...form.getInputProps("password")}
              />
              <InlineError error={enter.error} />
              <Button type="submit" loading={enter.isPending} fullWidth>
                Sign in
              </Button>
            </Stack>
          </form>
        </Paper>
        <Text size="sm" c="dimmed" ta="center">
          No account, or password forgotten? An administrator of this server can help.
        </Text>
      </Stack>
    </Center>
  );
}
