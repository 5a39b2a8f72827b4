import { Button, Group, TextInput } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { suggestPassword } from "./password";

/** A password that an administrator sets for someone: shown, because it has to be handed over. */
export function PasswordField(props: { value: string; onChange: (value: string) => void; error?: React.ReactNode }) {
  const clipboard = useClipboard();
  return (
    <Group gap="xs" align="flex-start" wrap="nowrap">
      <TextInput
        label="Password"
        description="At least 8 characters. Hand it over; its owner can change it."
        autoComplete="off"
        spellCheck={false}
        inputWrapperOrder={["label", "input", "description", "error"]}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
        flex={1}
        required
        value={props.value}
        error={props.error}
        onChange={(event) => props.onChange(event.currentTarget.value)}
      />
      <Group gap={6} mt={25} wrap="nowrap">
        <Button variant="default" onClick={() => props.onChange(suggestPassword())}>
          Suggest
        </Button>
        {/* Browsers have a clipboard on https and localhost only. */}
        {navigator.clipboard && (
          <Button variant="default" disabled={!props.value} onClick={() => clipboard.copy(props.value)}>
            {clipboard.copied ? "Copied" : "Copy"}
          </Button>
        )}
      </Group>
    </Group>
  );
}
