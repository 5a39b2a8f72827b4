import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";
import { deletePerson, putPerson } from "../api/endpoints";
import { queries, useMe } from "../api/queries";
import type { ImageWithPersons } from "../api/types";
import { boxStorage } from "./storage";
import { BoxStore } from "./store";

/** How often boxes that did not reach the server are sent again. */
const RETRY_MS = 4000;

/** The store of the image's boxes for as long as its page is open. */
export function useBoxStore(image: ImageWithPersons) {
  const { user } = useMe();
  const client = useQueryClient();
  const [store] = useState(
    () =>
      new BoxStore(
        image.id,
        image.persons,
        { put: putPerson, remove: deletePerson },
        boxStorage,
        `densemark.boxes.${user.id}.${image.id}`,
      ),
  );
  const state = useSyncExternalStore(store.subscribe, store.get);
  const { saving } = state;

  useEffect(() => store.flush(), [store]);

  useEffect(() => {
    if (saving !== "offline") return;
    const again = () => store.flush();
    const timer = setInterval(again, RETRY_MS);
    window.addEventListener("online", again);
    return () => {
      clearInterval(timer);
      window.removeEventListener("online", again);
    };
  }, [saving, store]);

  useEffect(() => {
    if (saving !== "saved") return;
    // Counts of people in lists and in the overview follow what was saved.
    void client.invalidateQueries({ queryKey: queries.projects().queryKey, refetchType: "none" });
  }, [saving, client]);

  return { store, state };
}
