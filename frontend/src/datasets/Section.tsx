import { Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

/** A chapter of a snapshot's page, with what it is about in a sentence. */
export function Section(props: { id: string; title: string; lead?: ReactNode; children: ReactNode }) {
  const { id, title, lead, children } = props;
  return (
    <section aria-labelledby={`${id}-title`}>
      <Stack gap="sm">
        <div>
          <Title order={2} id={`${id}-title`}>
            {title}
          </Title>
          {lead && (
            <Text c="dimmed" maw={700} mt={2} component="div">
              {lead}
            </Text>
          )}
        </div>
        {children}
      </Stack>
    </section>
  );
}
