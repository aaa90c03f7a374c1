// Starts the fake model by hand: `PORT=9100 node test/support/fake-model/main.ts`; also API_KEY and LATENCY_MS.
import { startFakeModel } from "./fake-model.ts";

const { PORT = "0", API_KEY, LATENCY_MS = "0" } = process.env;
const { url } = await startFakeModel({
  port: Number(PORT),
  latencyMs: Number(LATENCY_MS),
  ...(API_KEY !== undefined && { apiKey: API_KEY }),
});
console.log(JSON.stringify({ url }));
