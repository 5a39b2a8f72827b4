import { Alert, Select, SimpleGrid, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { viewUrl } from "../api/endpoints";
import type { Body } from "../api/types";
import { useScheme } from "../lib/useScheme";
import { type Parts, spoken } from "../parts";

/** In place of the body in 3D where the browser cannot show that: the six pictures of each part. */
export function SixViews({ body, parts }: { body: Body; parts: Parts }) {
  const scheme = useScheme();
  const [label, setLabel] = useState(parts.inPairs[0]?.label ?? 1);
  const views = body.parts.find((part) => part.label === label)?.views ?? [];
  return (
    <Stack p="lg" gap="md" style={{ overflowY: "auto", height: "100%" }}>
      <Alert color="yellow" variant="light" role="status">
        This browser shows no 3D (WebGL 2 is missing or switched off), so here are the six pictures of each part.
        Another browser, or switching on hardware acceleration in this one's settings, brings the body in 3D.
      </Alert>
      <Select
        label="Part"
        w={260}
        allowDeselect={false}
        value={String(label)}
        onChange={(value) => value && setLabel(Number(value))}
        data={parts.inPairs.map((part) => ({ value: String(part.label), label: spoken(part).full }))}
      />
      <SimpleGrid cols={3} spacing="xs">
        {views.map((view) => (
          <figure key={view.index} style={{ margin: 0 }}>
            <img
              src={viewUrl(body.hash, label, view.index, 512, scheme)}
              alt={`${parts.name(label)}: ${view.title}`}
              style={{ width: "100%", borderRadius: 6 }}
            />
            <Text component="figcaption" size="xs" c="dimmed">
              {view.title}
            </Text>
          </figure>
        ))}
      </SimpleGrid>
    </Stack>
  );
}
