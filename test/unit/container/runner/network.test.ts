// On a developer's machine no rules about hosts hold. What holds is Codex's own sandbox, which lets nothing out.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bodiesOf } from "../../../support/turn-record.ts";
import { useLab } from "./lab.ts";

const lab = useLab();
const seen: string[] = [];
const server = createServer((request, response) => {
  seen.push(request.url ?? "");
  response.end("reached");
});

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterAll(() => server.close());

it.each(["read", "write"] as const)("a command with %s access reaches no host", async (access) => {
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  const url = `http://127.0.0.1:${port}/${access}`;
  expect(await (await fetch(url)).text()).toBe("reached");
  const request = `node -e 'fetch("${url}").then(() => console.log("got out"), ({ cause }) => console.log(cause.code))'`;
  const turn = await lab.run([{ run: request }, { say: "done" }], { access });
  const [command] = bodiesOf(turn, "command_finished");
  expect(command?.output_tail).toMatch(/^(?:E[A-Z]+)\n$/);
  expect(seen.filter((path) => path === `/${access}`)).toHaveLength(1);
});
