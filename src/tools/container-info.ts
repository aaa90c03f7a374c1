// What an agent's container uses, as those tools tell it that show agents. Null: down, or it did not answer in time.
import type { AgentDescription } from "../agent/describe.ts";

export interface ContainerInfo {
  state: "running" | "starting" | "stopped";
  /** 100 is one core. */
  cpu_percent: number | null;
  memory_bytes: number | null;
  memory_limit_bytes: number | null;
  disk_bytes: number | null;
  uptime_seconds: number | null;
}

export function toContainerInfo({ state, metrics }: Pick<AgentDescription, "state" | "metrics">): ContainerInfo {
  return {
    state: state.container_id !== null ? "running" : state.status === "starting" ? "starting" : "stopped",
    cpu_percent: metrics?.cpu_percent ?? null,
    memory_bytes: metrics?.memory_bytes ?? null,
    memory_limit_bytes: metrics?.memory_limit_bytes ?? null,
    disk_bytes: metrics?.disk_bytes ?? null,
    uptime_seconds: metrics === null ? null : Math.round(metrics.uptime_ms / 1_000),
  };
}

export function containerLine({ state, cpu_percent, memory_bytes, disk_bytes }: ContainerInfo): string {
  if (cpu_percent === null) return `container ${state}`;
  return `container ${state}, ${cpu_percent} % CPU, ${mib(memory_bytes)} memory, ${mib(disk_bytes)} disk`;
}

function mib(bytes: number | null): string {
  return bytes === null ? "?" : `${Math.round(bytes / 1_048_576)} MiB`;
}
