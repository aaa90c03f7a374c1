// The header of one entry of a tar archive (ustar), as far as more than one part has to do with it.
// https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06

export const BLOCK = 512;

/** A regular file at the beginning of an archive: header, content, and zeros up to the next block. */
export function fileEntry(name: string, content: Buffer): Buffer {
  const entry = Buffer.alloc(BLOCK + padded(content.length));
  entry.write(name, 0, 100, "latin1");
  writeOctal(entry, 0o600, 100, 8);
  writeOctal(entry, 0, 108, 8);
  writeOctal(entry, 0, 116, 8);
  writeOctal(entry, content.length, 124, 12);
  writeOctal(entry, 0, 136, 12);
  entry.write("0", 156, "latin1");
  entry.write("ustar\x0000", 257, "latin1");
  content.copy(entry, BLOCK);
  writeChecksum(entry);
  return entry;
}

export function writeChecksum(header: Buffer): void {
  header.write(`${checksum(header).toString(8).padStart(6, "0")}\0 `, 148, "latin1");
}

/** The sum of all bytes, those of the sum itself taken for spaces. Four bytes at a time: there are many headers. */
export function checksum(header: Buffer): number {
  const words = new Uint32Array(BLOCK / 4);
  const copy = Buffer.from(words.buffer);
  header.copy(copy, 0, 0, BLOCK);
  copy.fill(0x20, 148, 156);
  // Two sums of 16 bits in one number: 2 × 128 × 255 does not exceed them.
  let sums = 0;
  for (const word of words) sums += (word & 0x00ff00ff) + ((word >>> 8) & 0x00ff00ff);
  return (sums % 0x10000) + Math.floor(sums / 0x10000);
}

export function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

/** Up to 8 GiB fits in twelve bytes. */
function writeOctal(header: Buffer, value: number, at: number, length: number): void {
  header.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at, "latin1");
}
