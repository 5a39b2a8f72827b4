import { Group, Kbd, Modal, Stack, Table, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";

export interface Shortcut {
  /** Keys pressed together, or alternatives, as shown: ["Ctrl", "Z"]. */
  keys: string[];
  does: string;
}

interface Help {
  open: () => void;
  set: (title: string, shortcuts: Shortcut[]) => void;
  remove: (title: string) => void;
}

const HelpContext = createContext<Help | null>(null);

/** Opens the keyboard help; "?" does the same anywhere outside a text field. */
export function useHelp(): Help {
  const help = useContext(HelpContext);
  if (!help) throw new Error("useHelp outside of HelpProvider");
  return help;
}

/** Lists a page's shortcuts in the keyboard help while the page is shown. Pass a constant array. */
export function useShortcutHelp(title: string, shortcuts: Shortcut[]): void {
  const { set, remove } = useHelp();
  useEffect(() => {
    set(title, shortcuts);
    return () => remove(title);
  }, [title, shortcuts, set, remove]);
}

const EVERYWHERE: Shortcut[] = [
  { keys: ["?"], does: "This help" },
  { keys: ["Esc"], does: "Close a dialog" },
  { keys: ["Tab"], does: "Go to the next control" },
];

export function HelpProvider({ children }: { children: ReactNode }) {
  const [opened, { open, close, toggle }] = useDisclosure(false);
  const [sections, setSections] = useState<ReadonlyMap<string, Shortcut[]>>(new Map());
  useEffect(() => {
    // By the character, wherever a layout has it; Mantine's hotkeys go by key and modifiers.
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "?" || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target instanceof HTMLElement && event.target.closest("input, textarea, select, [contenteditable]"))
        return;
      toggle();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [toggle]);
  const help = useMemo<Help>(
    () => ({
      open,
      set: (title, shortcuts) => setSections((old) => new Map(old).set(title, shortcuts)),
      remove: (title) =>
        setSections((old) => {
          const next = new Map(old);
          next.delete(title);
          return next;
        }),
    }),
    [open],
  );
  return (
    <HelpContext value={help}>
      {children}
      <Modal opened={opened} onClose={close} title="Keyboard" size="lg">
        <Stack gap="lg">
          {[...sections, ["Everywhere", EVERYWHERE] as const].map(([title, shortcuts]) => (
            <section key={title}>
              <Title order={3} size="h5" mb={4}>
                {title}
              </Title>
              <Table verticalSpacing={5} horizontalSpacing={0} withRowBorders={false}>
                <Table.Tbody>
                  {shortcuts.map((shortcut) => (
                    <Table.Tr key={shortcut.does}>
                      <Table.Td w={210}>
                        <Group gap={4}>
                          {shortcut.keys.map((key) => (
                            <Kbd key={key}>{key}</Kbd>
                          ))}
                        </Group>
                      </Table.Td>
                      <Table.Td>
                        <Text size="sm">{shortcut.does}</Text>
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </section>
          ))}
        </Stack>
      </Modal>
    </HelpContext>
  );
}
