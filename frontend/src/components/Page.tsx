import { Box, type BoxProps } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import type { ReactNode } from "react";
import { UnsentBanner } from "./UnsentBanner";

/** The column that pages stand in, and the title of the browser's tab. */
export function Page({ title, children, ...box }: BoxProps & { title: string; children: ReactNode }) {
  useDocumentTitle(`${title} · DenseMark`);
  return (
    <Box maw={1180} mx="auto" px="lg" py="xl" {...box}>
      <UnsentBanner />
      {children}
    </Box>
  );
}
