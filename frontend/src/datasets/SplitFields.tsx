import { ActionIcon, Button, NumberInput, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import classes from "./datasets.module.css";
import { SplitBar, SplitDot } from "./SplitBar";
import { type Share, splitsProblem, THREE, TWO, withShare } from "./settings";

const MOST = 20;
const KINDS = [
  { value: "0", label: "No split" },
  { value: "2", label: "train, val" },
  { value: "3", label: "train, val, test" },
];

/** Divides the photos: names and shares that add up to 100%. */
export function SplitFields({ splits, onChange }: { splits: Share[]; onChange: (splits: Share[]) => void }) {
  const names = splits.map(({ name }) => name).join(", ");
  const kind = splits.length === 0 ? "0" : (KINDS.find(({ label }) => label === names)?.value ?? "own");
  const problem = splitsProblem(splits);
  return (
    <Stack gap="sm" align="flex-start">
      <SegmentedControl
        size="sm"
        aria-label="How the photos are split"
        value={kind}
        onChange={(value) => {
          if (value !== "own") onChange(value === "0" ? [] : value === "2" ? [...TWO] : [...THREE]);
        }}
        data={kind === "own" ? [...KINDS, { value: "own", label: "My own" }] : KINDS}
      />
      {splits.length > 0 && (
        <>
          <div className={classes.shares}>
            {splits.map(({ name, percent }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: while it is entered, a name is no key.
              <Fields key={index} index={index} name={name} percent={percent} splits={splits} onChange={onChange} />
            ))}
          </div>
          <Stack gap={6} w="100%" maw={420}>
            <SplitBar pieces={splits.map(({ name, percent }) => ({ name, value: percent ?? 0 }))} of={100} />
            <Text size="xs" c={problem ? "var(--mantine-color-error)" : "dimmed"} aria-live="polite">
              {problem ??
                "All persons of a photo are on one side, and photos that look alike stay together. A photo stays on its side in later snapshots with the same shares."}
            </Text>
          </Stack>
          {splits.length < MOST && (
            <Button
              size="xs"
              variant="default"
              leftSection={<IconPlus size={14} />}
              onClick={() => onChange([...splits, { name: `split-${splits.length + 1}`, percent: null }])}
            >
              Add a split
            </Button>
          )}
        </>
      )}
    </Stack>
  );
}

function Fields({
  index,
  name,
  percent,
  splits,
  onChange,
}: Share & { index: number; splits: Share[]; onChange: (splits: Share[]) => void }) {
  const called = name || `split ${index + 1}`;
  return (
    <>
      <SplitDot index={index} />
      <TextInput
        size="sm"
        aria-label={`Name of split ${index + 1}`}
        maxLength={50}
        value={name}
        onChange={(event) => {
          const typed = event.currentTarget.value;
          onChange(splits.map((split, at) => (at === index ? { ...split, name: typed } : split)));
        }}
      />
      <NumberInput
        size="sm"
        aria-label={`Share of ${called} in per cent`}
        suffix="%"
        min={0}
        max={100}
        decimalScale={2}
        step={5}
        value={percent ?? ""}
        onChange={(value) => onChange(withShare(splits, index, typeof value === "number" ? value : null))}
      />
      <ActionIcon aria-label={`Remove ${called}`} onClick={() => onChange(splits.filter((_, at) => at !== index))}>
        <IconX size={16} />
      </ActionIcon>
    </>
  );
}
