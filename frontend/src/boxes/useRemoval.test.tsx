import { MantineProvider } from "@mantine/core";
import { Notifications, notifications } from "@mantine/notifications";
import { act, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useSyncExternalStore } from "react";
import { beforeEach, describe, expect, it } from "vitest";
import { ApiError } from "../api/error";
import type { Person } from "../api/types";
import { BoxStore } from "./store";
import { useRemoval } from "./useRemoval";

const PERSON: Person = {
  id: "p",
  image_id: "i",
  bbox: [10, 10, 50, 80],
  area: 4000,
  keypoints: null,
  segmentation: false,
  source: "drawn",
  revision: 1,
  state: "new",
  deleted: false,
  masks: 0,
  points: 0,
  marks: 0,
};

function List({ store }: { store: BoxStore }) {
  const state = useSyncExternalStore(store.subscribe, store.get);
  const { remove, dialog } = useRemoval(store, state, false);
  return (
    <>
      <button type="button" onClick={() => remove("p")}>
        Bin
      </button>
      <p>{state.boxes.length} boxes</p>
      <p>{state.problem}</p>
      {dialog}
    </>
  );
}

/** The list on a server that answers a removal when the test says so. */
function open(person: Person = PERSON) {
  let settle: { answer: () => void; refuse: () => void } | null = null;
  const remove = () =>
    new Promise<Person>((resolve, reject) => {
      settle = {
        answer: () => resolve({ ...person, revision: 2, deleted: true }),
        refuse: () => reject(new ApiError(409, "Taken", "somebody else is at work on this person")),
      };
    });
  const put = async () => ({ ...person, revision: 3 });
  const storage = { getItem: () => null, setItem: () => {}, removeItem: () => {} };
  const store = new BoxStore("i", [person], { put, remove }, storage, "key");
  render(
    <MantineProvider env="test">
      <Notifications />
      <List store={store} />
    </MantineProvider>,
  );
  return { store, server: () => settle as NonNullable<typeof settle> };
}

const toast = () => screen.queryByText("Person 1 was removed.");
beforeEach(() => notifications.clean());

describe("useRemoval", () => {
  it("says that a person was removed only once the server has done it, and until it is undone", async () => {
    const user = userEvent.setup();
    const { store, server } = open();
    await user.click(screen.getByRole("button", { name: "Bin" }));
    expect(screen.getByText("0 boxes")).toBeVisible();
    expect(toast()).toBeNull();
    await act(async () => server().answer());
    expect(toast()).toBeVisible();
    await act(async () => store.undo());
    expect(screen.getByText("1 boxes")).toBeVisible();
    await waitFor(() => expect(toast()).toBeNull());
  });

  it("brings the person back from the message, whatever was changed since", async () => {
    const user = userEvent.setup();
    const { store, server } = open();
    await user.click(screen.getByRole("button", { name: "Bin" }));
    await act(async () => server().answer());
    await act(async () => store.change("q", [0, 0, 20, 20]));
    await user.click(screen.getByRole("button", { name: "Undo" }));
    expect(store.get().boxes.map(({ id }) => id)).toEqual(["p", "q"]);
    await waitFor(() => expect(toast()).toBeNull());
  });

  it("shows only the refusal where the server refuses", async () => {
    const user = userEvent.setup();
    const { server } = open();
    await user.click(screen.getByRole("button", { name: "Bin" }));
    await act(async () => server().refuse());
    expect(screen.getByText("Somebody else is at work on this person")).toBeVisible();
    expect(screen.getByText("1 boxes")).toBeVisible();
    expect(toast()).toBeNull();
  });

  it("asks before work goes with the person", async () => {
    const user = userEvent.setup();
    const { store } = open({ ...PERSON, state: "points", masks: 14, points: 90, marks: 70 });
    await user.click(screen.getByRole("button", { name: "Bin" }));
    expect(await screen.findByText(/70 points are marked on this person/)).toBeVisible();
    expect(store.get().boxes).toHaveLength(1);
    await user.click(screen.getByRole("button", { name: "Cancel" }));
    expect(store.get().boxes).toHaveLength(1);
    await user.click(screen.getByRole("button", { name: "Bin" }));
    await user.click(await screen.findByRole("button", { name: "Remove person" }));
    expect(store.get().boxes).toHaveLength(0);
  });
});
