// The TCP and UDP sockets of processes, by proc_pid_fd(5) and the tables of /proc/net. Linux only.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface Socket {
  protocol: string;
  /** `address:port`; IPv4 in dotted form, the rest as the kernel writes it. */
  local: string;
  remote: string;
  isListening: boolean;
}

const TABLES = ["tcp", "tcp6", "udp", "udp6"];
const LISTEN = "0A";
const INODE_COLUMN = 9;

export function socketsOf(pids: readonly number[]): Socket[] {
  const inodes = new Set(pids.flatMap(inodesOf));
  return TABLES.flatMap((protocol) =>
    rows(protocol)
      .filter((row) => inodes.has(row[INODE_COLUMN] ?? ""))
      .map(([, local = "", remote = "", state]) => ({
        protocol,
        local: readable(local),
        remote: readable(remote),
        isListening: state === LISTEN,
      })),
  );
}

export function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}

function inodesOf(pid: number): string[] {
  try {
    const directory = `/proc/${pid}/fd`;
    return readdirSync(directory).flatMap((fd) => /^socket:\[(\d+)\]$/.exec(linkOf(`${directory}/${fd}`))?.[1] ?? []);
  } catch {
    return []; // It has ended.
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function rows(protocol: string): string[][] {
  const [, ...lines] = readFileSync(`/proc/net/${protocol}`, "utf8").trim().split("\n");
  return lines.map((line) => line.trim().split(/\s+/));
}

/** The kernel writes an IPv4 address as one little-endian number. */
function readable(address: string): string {
  const [host = "", port = ""] = address.split(":");
  const bytes = host.match(/../g) ?? [];
  const shown =
    host.length === 8
      ? bytes
          .reverse()
          .map((byte) => Number.parseInt(byte, 16))
          .join(".")
      : host;
  return `${shown}:${Number.parseInt(port, 16)}`;
}
