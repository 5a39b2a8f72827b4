import { Select, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { queries } from "../api/queries";
import type { Project } from "../api/types";

interface Props {
  own: Project["body"];
  /** Hash of the chosen body. */
  value: string;
  onChange: (hash: string) => void;
  /** Null where the label stands elsewhere. */
  label: string | null;
  /** What is said of another body than the project's. */
  children: ReactNode;
}

/** The project's body, or another one that marks are transferred to. */
export function BodyChoice({ own, value, onChange, label, children }: Props) {
  const bodies = useQuery(queries.bodies());
  const others = bodies.data?.items.filter(({ hash }) => hash !== own.hash) ?? [];
  if (others.length === 0 && value === own.hash) return <Text size="sm">On the body {own.name}, as annotated.</Text>;
  return (
    <Select
      label={label}
      aria-label="Body"
      w="100%"
      maw={420}
      allowDeselect={false}
      value={value}
      onChange={(hash) => hash && onChange(hash)}
      data={[
        { value: own.hash, label: `${own.name}, as annotated` },
        ...others.map(({ hash, name }) => ({ value: hash, label: `${name} (${hash.slice(0, 8)}), transferred` })),
      ]}
      description={value === own.hash ? undefined : children}
    />
  );
}
