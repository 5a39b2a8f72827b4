import { afterEach, describe, expect, it, vi } from "vitest";
import { putPerson, signIn } from "./endpoints";
import { ApiError, errorFrom, messageOf } from "./error";
import { isSignInNeeded, settleSignIn } from "./session";

const problem = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/problem+json" } });

function answerWith(...answers: (() => Response | Promise<never>)[]) {
  const fetch = vi.fn(async (_request: Request) => {
    const answer = answers.shift();
    if (!answer) throw new Error("one call too many");
    return answer();
  });
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

const WRITE = { image_id: "i", bbox: [1, 2, 3, 4] as [number, number, number, number], revision: 1, write_id: "w" };

afterEach(() => vi.unstubAllGlobals());

async function rejection(promise: Promise<unknown>): Promise<ApiError> {
  const error = await promise.then(
    () => null,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

describe("errorFrom", () => {
  it("reads a problem object, with the stored state of a stale write", () => {
    const error = errorFrom(409, {
      type: "/problems/stale",
      title: "Conflict",
      detail: "revision 1 is not current",
      current: { revision: 2 },
    });
    expect(error).toMatchObject({ status: 409, kind: "stale", title: "Changed meanwhile", current: { revision: 2 } });
    expect(messageOf(error)).toBe("Revision 1 is not current");
  });

  it("lists wrong fields", () => {
    const error = errorFrom(422, {
      detail: "body.name: too long",
      errors: [{ where: ["body", "name"], message: "too long" }, "junk"],
    });
    expect(error.errors).toEqual([{ where: ["body", "name"], message: "too long" }]);
  });

  it("begins with a capital, but leaves a file's name alone", () => {
    expect(messageOf(errorFrom(422, { detail: "the box lies outside" }))).toBe("The box lies outside");
    expect(messageOf(errorFrom(413, { detail: "a.jpg is too large" }))).toBe("a.jpg is too large");
  });

  it("makes a sentence of a proxy's page", () => {
    expect(messageOf(errorFrom(502, "<html>"))).toBe("The server is not reachable");
    expect(messageOf(errorFrom(418, undefined))).toBe("Refused (418)");
  });
});

describe("call", () => {
  it("rejects with an offline error when no answer comes", async () => {
    answerWith(() => Promise.reject(new TypeError("Failed to fetch")));
    expect(await rejection(putPerson("p", WRITE))).toMatchObject({ status: 0, offline: true });
  });

  it("lets an abort through as it is", async () => {
    answerWith(() => Promise.reject(new DOMException("gone", "AbortError")));
    await expect(putPerson("p", WRITE)).rejects.toMatchObject({ name: "AbortError" });
  });

  it("holds a call that met the end of the session and sends it again with its body", async () => {
    const fetch = answerWith(
      () => problem(401, { detail: "sign in first" }),
      () => problem(200, { id: "p", revision: 2 }),
    );
    const answer = putPerson("p", WRITE);
    await vi.waitUntil(isSignInNeeded);
    expect(fetch).toHaveBeenCalledTimes(1);
    settleSignIn(true);
    await expect(answer).resolves.toEqual({ id: "p", revision: 2 });
    const again = fetch.mock.calls[1]?.[0] as Request;
    expect(again.method).toBe("PUT");
    expect(await again.json()).toEqual(WRITE);
  });

  it("fails a held call when the person leaves", async () => {
    answerWith(() => problem(401, { detail: "sign in first" }));
    const answer = rejection(putPerson("p", WRITE));
    await vi.waitUntil(isSignInNeeded);
    settleSignIn(false);
    expect((await answer).status).toBe(401);
    expect(isSignInNeeded()).toBe(false);
  });

  it("does not hold the sign-in itself", async () => {
    answerWith(() => problem(401, { detail: "wrong name or password" }));
    expect(messageOf(await rejection(signIn("ada", "x")))).toBe("Wrong name or password");
    expect(isSignInNeeded()).toBe(false);
  });
});
