// Identifiers and secrets. Identifiers start with what they name and sort by time; secrets are 256 random bits.

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford's base 32

/** For example `turn_01jd3…`: 9 characters of time (ms), then 80 random bits. */
export function newId(prefix: "conv" | "turn" | "inc" | "req" | "ckpt" | "import", now: number = Date.now()): string {
  return `${prefix}_${encode(BigInt(now), 9)}${encode(randomBits(10), 16)}`;
}

/** 64 hexadecimal characters. */
export function newSecret(): string {
  return [...crypto.getRandomValues(new Uint8Array(32))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function randomBits(bytes: number): bigint {
  return crypto.getRandomValues(new Uint8Array(bytes)).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function encode(value: bigint, length: number): string {
  let text = "";
  for (let rest = value; text.length < length; rest >>= 5n) text = (ALPHABET[Number(rest & 31n)] ?? "") + text;
  return text;
}
