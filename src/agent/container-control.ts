// What the agent's body needs of its container, over the `Container` class and the platform's own interface.
import type { Container as ContainerClass } from "@cloudflare/containers";
import { RUNNER_PORT } from "../../container/protocol.ts";
import { AppError } from "../errors.ts";
import type { ContainerControl } from "./body.ts";

/** Between looks at a container that has been started and does not listen yet. */
const START_POLL_MS = 50;
const START_TIMEOUT_MS = 60_000;

export function containerControl(
  object: Pick<ContainerClass, "startAndWaitForPorts" | "destroy">,
  platform: Container | undefined,
): ContainerControl {
  return {
    get isRunning() {
      return platform?.running === true;
    },
    start: (envVars) =>
      object.startAndWaitForPorts({
        ports: RUNNER_PORT,
        startOptions: { envVars, enableInternet: false },
        cancellationOptions: { waitInterval: START_POLL_MS, portReadyTimeoutMS: START_TIMEOUT_MS },
      }),
    fetch: (path, init) => {
      if (platform === undefined) throw new AppError("container_unavailable", "There is no container.");
      return platform.getTcpPort(RUNNER_PORT).fetch(`http://runner${path}`, init);
    },
    destroy: () => object.destroy(),
  };
}
