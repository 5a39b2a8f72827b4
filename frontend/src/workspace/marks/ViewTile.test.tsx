import { MantineProvider } from "@mantine/core";
import { fireEvent, render, screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { ViewTile } from "./ViewTile";

it("says of a click on a view that is not shown yet that it came too early, and places nothing", () => {
  const [onPlace, onShown] = [vi.fn(), vi.fn()];
  const { container } = render(
    <MantineProvider env="test">
      <ViewTile
        index={0}
        title="front"
        size={200}
        url={() => "/view.webp"}
        colour="#000"
        mark={null}
        faint={false}
        others={[]}
        refusal={null}
        onPlace={onPlace}
        onBeside={vi.fn()}
        past="/before.webp"
        onShown={onShown}
      />
    </MantineProvider>,
  );
  const tile = screen.getByTestId("view-0");
  tile.setPointerCapture = vi.fn();
  const box = { left: 0, top: 0, width: 200, height: 200 } as DOMRect;
  vi.spyOn(tile, "getBoundingClientRect").mockReturnValue(box);
  const click = () => {
    fireEvent.pointerDown(tile, { button: 0, clientX: 50, clientY: 100 });
    fireEvent.pointerUp(tile, { button: 0, clientX: 50, clientY: 100 });
  };

  expect(screen.queryByText("This view is still loading")).toBeNull();
  click();
  expect(screen.getByText("This view is still loading")).toBeInTheDocument();

  const sources = () => [...container.querySelectorAll("img")].map((img) => img.getAttribute("src"));
  expect(sources()).toEqual(["/before.webp", "/view.webp"]);
  fireEvent.load(container.querySelectorAll("img")[1] as HTMLImageElement);
  expect(sources()).toEqual(["/view.webp"]);
  expect(onShown).toHaveBeenCalledExactlyOnceWith("/view.webp");
  expect(screen.queryByText("This view is still loading")).toBeNull();
  expect(onPlace).not.toHaveBeenCalled();
  click();
  expect(onPlace).toHaveBeenCalledExactlyOnceWith(0.25, 0.5);
});
