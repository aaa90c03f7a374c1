import { describe, expect, it } from "vitest";
import { newId, newSecret } from "../../../src/lib/ids.ts";

describe("an identifier", () => {
  it.each(["conv", "turn", "inc", "req"] as const)(
    "of %s says what it names, in letters that cannot be mixed up",
    (kind) => {
      for (let count = 0; count < 200; count++) {
        expect(newId(kind)).toMatch(new RegExp(`^${kind}_[0-9abcdefghjkmnpqrstvwxyz]{25}$`));
      }
    },
  );

  it("sorts by its time, over the years", () => {
    const times = [
      0, 1, 31, 32, 1_023, 1_024, 946_684_800_000, 1_795_000_000_000, 1_795_000_000_001, 4_102_444_800_000,
    ];
    const ids = times.map((now) => newId("turn", now));
    expect([...ids].sort()).toEqual(ids);
  });

  it("has the present time where none is given", () => {
    const [before, id, after] = [newId("turn"), newId("turn"), newId("turn", Date.now() + 1)].map((text) =>
      text.slice(0, 14),
    );
    expect([before, id, after].sort()).toEqual([before, id, after]);
    expect(newId("turn").slice(0, 12)).toBe(newId("turn", Date.now()).slice(0, 12));
  });

  it("is another one each time, also in the same millisecond", () => {
    expect(new Set(Array.from({ length: 10_000 }, () => newId("turn", 1))).size).toBe(10_000);
  });

  it("is random in each of its last sixteen places", () => {
    const ids = Array.from({ length: 500 }, () => newId("turn", 1).slice(-16));
    for (let place = 0; place < 16; place++) {
      expect(new Set(ids.map((id) => id[place])).size, `place ${place}`).toBeGreaterThan(20);
    }
  });
});

describe("a secret", () => {
  it("is 256 bits in hexadecimal, another one each time", () => {
    const secrets = Array.from({ length: 100 }, newSecret);
    for (const secret of secrets) expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(secrets).size).toBe(100);
  });
});
