import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { HUMAN } from "@/parts";
import { createLabelMap, type LabelMap } from "../engine/labelMap";
import { MaskEditor } from "../engine/maskEditor";
import type { MaskSession } from "./MaskSession";
import { SubmitDialog } from "./SubmitDialog";

const TORSO = 1;
const LEFT_HAND = 3;
const RIGHT_LOWER_ARM = 13;
const LEFT_LOWER_ARM = 12;

/** A torso of 40 x 20 pixels in an empty map of 60 x 40. */
function torso(): LabelMap {
  const map = createLabelMap(60, 40);
  paint(map, TORSO, 5, 5, 40, 20);
  return map;
}

function paint(map: LabelMap, label: number, x: number, y: number, width: number, height: number): void {
  for (let row = y; row < y + height; row++) map.data.fill(label, row * map.width + x, row * map.width + x + width);
}

function open(map: LabelMap) {
  const editor = new MaskEditor(
    map,
    () => {},
    () => {},
  );
  const onSubmit = vi.fn(() => Promise.resolve());
  render(
    <MantineProvider env="test">
      <SubmitDialog
        session={{ editor, parts: HUMAN, wanted: null, isWanted: () => true } as unknown as MaskSession}
        onClose={() => {}}
        onShow={() => {}}
        onSubmit={onSubmit}
      />
    </MantineProvider>,
  );
  return { editor, onSubmit };
}

describe("SubmitDialog", () => {
  it.each(["{Enter}", "{Control>}{Enter}{/Control}"])("submits on %s after a repair", async (keys) => {
    const map = torso();
    for (let k = 0; k < 16; k++) paint(map, TORSO, 2 * k, 30, 1, 1);
    const { onSubmit } = open(map);
    await userEvent.click(screen.getByRole("button", { name: "Tidy: 16 tiny islands and holes" }));
    expect(screen.queryByText("Worth a look")).toBeNull();
    expect(map.data.filter((label) => label === TORSO)).toHaveLength(800);
    expect(screen.getByTestId("submit-confirm")).toHaveFocus();
    await userEvent.keyboard(keys);
    expect(onSubmit).toHaveBeenCalledOnce();
  });

  it("offers to remove a part that is a stray click", async () => {
    const map = torso();
    paint(map, LEFT_HAND, 20, 10, 2, 1);
    open(map);
    expect(screen.getByText("Left hand is only 2 pixels: a stray click?")).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: /^Remove/ }));
    expect(map.data).not.toContain(LEFT_HAND);
    expect(map.data.filter((label) => label === TORSO)).toHaveLength(800);
  });

  it("shows mixed sides however many islands there are", () => {
    const map = createLabelMap(60, 60);
    paint(map, RIGHT_LOWER_ARM, 5, 2, 20, 8);
    paint(map, LEFT_HAND, 25, 2, 6, 8);
    paint(map, LEFT_LOWER_ARM, 40, 12, 10, 8);
    paint(map, TORSO, 2, 22, 50, 32);
    for (let k = 0; k < 9; k++) paint(map, TORSO, 6 * k, 56, 5, 3);
    open(map);
    expect(screen.getByText(/^Left hand touches the right lower arm/)).toBeInTheDocument();
    expect(screen.getAllByText(/an island of 15 pixels/)).toHaveLength(4);
    expect(screen.getByText("and 5 more islands and holes")).toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Tidy all 9" })).toBeInTheDocument();
  });
});
