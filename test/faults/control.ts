// Where the Worker under test stops at each point, and is told what becomes of it.
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Answer, Point } from "./points.ts";

export class Control {
  /** Who decides; the Worker waits for it. */
  onPoint: (point: Point) => Promise<Answer> = async () => ({ act: "pass" });
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        console.error("the suite failed at a point", error);
        response.destroy();
      });
    });
    this.#server.keepAliveTimeout = 600_000;
  }

  static async listen(): Promise<Control> {
    const control = new Control();
    control.#server.listen(0, "127.0.0.1");
    await once(control.#server, "listening");
    return control;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`; // a TCP server that listens has one
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const point: Point = JSON.parse(await text(request)); // from points.ts on the other side
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(await this.onPoint(point)));
  }
}
