import { expect, it } from "vitest";
import { decideRequest } from "../../../../../container/runner/codex/server-requests.ts";

const COMMAND = "item/commandExecution/requestApproval";
const FILE_CHANGE = "item/fileChange/requestApproval";

it.each([
  [COMMAND, { decision: "accept" }],
  [FILE_CHANGE, { decision: "decline" }],
  ["item/tool/requestUserInput", { answers: {} }],
])("%s is answered where nobody is asked", async (method, result) => {
  expect(await decideRequest(method, {})).toEqual(result);
});

it("approvals go to whoever decides on them, with what they are about", async () => {
  const decider = {
    askForCommand: async (params: unknown) => ({ decision: "decline", params }),
    askForFileChange: async (params: unknown) => ({ decision: "cancel", params }),
  };
  expect(await decideRequest(COMMAND, { command: "ls" }, decider)).toEqual({
    decision: "decline",
    params: { command: "ls" },
  });
  expect(await decideRequest(FILE_CHANGE, { itemId: "p" }, decider)).toEqual({
    decision: "cancel",
    params: { itemId: "p" },
  });
});

it.each(["mcpServer/elicitation/request", "item/tool/call", "account/chatgptAuthTokens/refresh", "toString", ""])(
  "'%s' is refused",
  async (method) => {
    await expect(decideRequest(method, {})).rejects.toThrow(`${method} is not supported`);
  },
);
