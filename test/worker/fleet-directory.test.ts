// The directory over its RPC: pages by cursor, and each user's own agents only.
import { expect, it } from "vitest";
import { unwrap } from "../../src/errors.ts";
import { directoryOf, newUser, report } from "./support/fleet.ts";

it("walks through all agents by cursor, with the total on each page", async () => {
  const directory = directoryOf(newUser());
  for (let each = 0; each < 25; each++) await directory.report(report(`a${each}`, { last_active_at: each }));
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = unwrap(await directory.list({ limit: 10, cursor }));
    expect(page.total).toBe(25);
    seen.push(...page.agents.map(({ agent_id }) => agent_id));
    cursor = page.next_cursor;
  } while (cursor !== undefined);
  expect(seen).toEqual(Array.from({ length: 25 }, (_, each) => `a${24 - each}`));
});

it("gives cursors that tell nothing to the eye and are good in a URL", async () => {
  const directory = directoryOf(newUser());
  for (const id of ["a", "b"]) await directory.report(report(id));
  const { next_cursor } = unwrap(await directory.list({ limit: 1 }));
  expect(next_cursor).toMatch(/^[\w-]+$/);
});

it.each(["", "x", "%%%", btoa("[1]"), btoa('["a","b"]'), btoa(JSON.stringify([1, "a".repeat(65)]))])(
  "refuses %j as a cursor",
  async (cursor) => {
    const listed = await directoryOf(newUser()).list({ limit: 10, cursor });
    expect(listed).toMatchObject({ ok: false, code: "invalid_input", message: expect.stringContaining("next_cursor") });
  },
);

it("finds one agent by its name, in the status asked for", async () => {
  const directory = directoryOf(newUser());
  for (const id of ["a", "b"]) await directory.report(report(id));
  const find = async (request: object) => unwrap(await directory.list({ limit: 10, ...request }));
  expect(await find({ agent_id: "a" })).toMatchObject({ total: 1, agents: [{ agent_id: "a" }] });
  expect(await find({ agent_id: "a", status: "running" })).toEqual({ total: 0, agents: [] });
  expect(await find({ agent_id: "c" })).toEqual({ total: 0, agents: [] });
});

it("keeps users apart, also where their agents have the same name", async () => {
  const [one, two] = [directoryOf(newUser()), directoryOf(newUser())];
  await one.report(report("a", { turns: 1 }));
  await two.report(report("a", { turns: 2 }));
  await two.remove("a", 5);
  expect(unwrap(await one.list({ limit: 10 }))).toMatchObject({ total: 1, agents: [{ turns: 1 }] });
  expect(unwrap(await two.list({ limit: 10 }))).toEqual({ total: 0, agents: [] });
});
