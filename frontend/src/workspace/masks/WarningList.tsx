import { Button, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { Parts } from "@/parts";
import { foldSpecks, type Repair, type Warning } from "../engine/checks";
import type { Rect } from "../engine/geometry";
import classes from "./SubmitDialog.module.css";

interface Props {
  parts: Parts;
  warnings: readonly Warning[];
  onShow: (rect: Rect) => void;
  onRepair: (repairs: readonly Repair[]) => void;
}

/** Islands and holes listed one by one; there may be many, unlike mixed sides and stray parts. */
const SHOWN_SLIPS = 4;

/** What is worth a look before the masks are submitted, what matters most first. */
export function WarningList({ parts, warnings, onShow, onRepair }: Props) {
  if (warnings.length === 0) return null;
  const { specks, rest } = foldSpecks(warnings);
  const doubts = rest.filter(({ kind }) => kind === "side" || kind === "stray");
  const slips = rest.filter(({ kind }) => kind === "island" || kind === "hole");
  const tidy = [...slips, ...specks].flatMap(({ repairs }) => repairs);
  const lines = slips.length + (specks.length > 0 ? 1 : 0);
  const line = (warning: Warning) => (
    <Line
      key={`${warning.kind}-${warning.label}-${warning.rect.x0}-${warning.rect.y0}`}
      text={describe(warning, parts)}
      repair={warning.kind === "stray" ? "Remove" : "Tidy"}
      onRepair={warning.repairs.length > 0 ? () => onRepair(warning.repairs) : undefined}
      onShow={() => onShow(warning.rect)}
    />
  );
  return (
    <Stack gap={6}>
      <Group justify="space-between">
        <Text size="sm" fw={600}>
          Worth a look
        </Text>
        {lines > 1 && (
          <Button size="compact-xs" variant="default" onClick={() => onRepair(tidy)}>
            Tidy all {tidy.length}
          </Button>
        )}
      </Group>
      {doubts.map(line)}
      {slips.slice(0, SHOWN_SLIPS).map(line)}
      {slips.length > SHOWN_SLIPS && (
        <Text size="xs" c="dimmed">
          and {slips.length - SHOWN_SLIPS} more islands and holes
        </Text>
      )}
      {specks.length > 0 && (
        <Line
          text={`${specks.length} tiny islands and holes`}
          repair="Tidy"
          onRepair={() => onRepair(specks.flatMap(({ repairs }) => repairs))}
        />
      )}
    </Stack>
  );
}

interface LineProps {
  text: string;
  repair: string;
  onRepair: (() => void) | undefined;
  onShow?: () => void;
}

function Line({ text, repair, onRepair, onShow }: LineProps) {
  return (
    <Group gap={8} wrap="nowrap" className={classes.warning}>
      <IconAlertTriangle size={16} aria-hidden />
      <Text size="sm" flex={1}>
        {text}
      </Text>
      {onShow && (
        <Button size="compact-xs" variant="subtle" onClick={onShow} aria-label={`Show: ${text}`}>
          Show
        </Button>
      )}
      {onRepair && (
        <Button size="compact-xs" variant="default" onClick={onRepair} aria-label={`${repair}: ${text}`}>
          {repair}
        </Button>
      )}
    </Group>
  );
}

function describe({ kind, label, area, beside }: Warning, parts: Parts): string {
  const name = parts.name(label);
  const pixels = `${area} ${area === 1 ? "pixel" : "pixels"}`;
  if (kind === "side")
    return `${name} touches the ${parts.name(beside ?? 0).toLowerCase()}: are left and right as meant?`;
  if (kind === "stray") return `${name} is only ${pixels}: a stray click?`;
  return `${name}: ${kind === "island" ? "an island" : "a hole"} of ${pixels}`;
}
