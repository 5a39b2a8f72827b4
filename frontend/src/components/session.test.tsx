import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createProject } from "../api/endpoints";
import LoginPage from "../pages/LoginPage";
import { renderRoutes } from "../test/render";
import { SignedIn } from "./session";

const ME = { user: { id: "u1", username: "ada", name: "Ada", role: "lead" }, version: "1" };

/** A server with one account and a session that can end. */
class FakeServer {
  signedIn = true;
  created: unknown[] = [];

  fetch = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    const answer = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });
    if (pathname === "/api/session" && request.method === "POST") {
      const { password } = await request.json();
      if (password !== "right") return answer(401, { detail: "name or password is wrong" });
      this.signedIn = true;
      return answer(200, ME);
    }
    if (!this.signedIn) return answer(401, { detail: "sign in first" });
    if (pathname === "/api/session") return answer(200, ME);
    this.created.push(await request.json());
    return answer(201, { id: "p" });
  };
}

function Form() {
  const [text, setText] = useState("");
  const [state, setState] = useState("");
  const save = () => createProject({ name: text, description: "", body: "anny" }).then(() => setState("saved"));
  return (
    <>
      <input aria-label="Text" value={text} onChange={(event) => setText(event.target.value)} />
      <button type="button" onClick={save}>
        Save
      </button>
      <p>{state}</p>
    </>
  );
}

const ROUTES = [
  { path: "/login", Component: LoginPage },
  { element: <SignedIn />, children: [{ path: "/form", Component: Form }] },
];

let server: FakeServer;
beforeEach(() => {
  server = new FakeServer();
  vi.stubGlobal("fetch", server.fetch);
});
afterEach(() => vi.unstubAllGlobals());

describe("SignedIn", () => {
  it("sends strangers to the sign-in page and back to where they wanted to go", async () => {
    server.signedIn = false;
    const user = userEvent.setup();
    const { router } = renderRoutes(ROUTES, "/form?x=1");
    await user.type(await screen.findByLabelText("Username"), "ada");
    await user.type(screen.getByLabelText("Password"), "wrong");
    await user.click(screen.getByRole("button", { name: "Sign in" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("Name or password is wrong");
    await user.clear(screen.getByLabelText("Password"));
    await user.type(screen.getByLabelText("Password"), "right");
    await user.click(screen.getByRole("button", { name: "Sign in" }));
    await screen.findByLabelText("Text");
    expect(router.state.location.pathname + router.state.location.search).toBe("/form?x=1");
  });

  it("keeps the page and the call when the session ends, and sends it after signing in again", async () => {
    const user = userEvent.setup();
    renderRoutes(ROUTES, "/form");
    await user.type(await screen.findByLabelText("Text"), "typed");
    server.signedIn = false;
    await user.click(screen.getByRole("button", { name: "Save" }));
    await user.type(await screen.findByLabelText("Password of Ada (ada)"), "wrong{Enter}");
    expect(await screen.findByRole("alert")).toHaveTextContent("Name or password is wrong");
    expect(server.created).toEqual([]);
    await user.clear(screen.getByLabelText("Password of Ada (ada)"));
    await user.type(screen.getByLabelText("Password of Ada (ada)"), "right{Enter}");
    await screen.findByText("saved");
    expect(server.created).toEqual([{ name: "typed", description: "", body: "anny" }]);
    expect(screen.getByLabelText("Text")).toHaveValue("typed");
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  });
});
