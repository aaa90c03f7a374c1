import { describe, expect, it } from "vitest";
import { newHandle, readHandle, writeHandle } from "../../../src/lib/handle.ts";
import { importSigningKey } from "../../../src/lib/signature.ts";

const key = await importSigningKey("the secret of this deployment");

describe("a handle", () => {
  it("is read back as it was written", async () => {
    for (const userId of ["owner", `oidc-${"0a".repeat(16)}`]) {
      const handle = newHandle(userId);
      expect(await readHandle(key, "pcx_pat", await writeHandle(key, "pcx_pat", handle))).toEqual(handle);
    }
  });

  it("is never the same twice", () => {
    const handles = Array.from({ length: 100 }, () => newHandle("owner"));
    expect(new Set(handles.map(({ id }) => id)).size).toBe(100);
    expect(new Set(handles.map(({ secret }) => secret)).size).toBe(100);
  });

  it("is nothing to another deployment, and nothing of another kind", async () => {
    const text = await writeHandle(key, "pcx_pat", newHandle("owner"));
    expect(await readHandle(await importSigningKey("another secret"), "pcx_pat", text)).toBeNull();
    expect(await readHandle(key, "pcx_session", text)).toBeNull();
    expect(await readHandle(key, "pcx_session", text.replace("pcx_pat", "pcx_session"))).toBeNull();
  });

  it("is nothing with any one character changed", async () => {
    const text = await writeHandle(key, "pcx_pat", newHandle("owner"));
    for (const [index, char] of [...text].entries()) {
      // The last character of a tag carries two bits that do not count.
      if (index === text.length - 1) continue;
      const changed = `${text.slice(0, index)}${char === "a" ? "b" : "a"}${text.slice(index + 1)}`;
      expect([changed, await readHandle(key, "pcx_pat", changed)]).toEqual([changed, null]);
    }
  });

  it.each(["", "pcx_pat", "pcx_pat_", "pcx_pat_owner", "pcx_pat_a/b_0123456789abcdef_", "pcx_pat_\n"])(
    "is not %j",
    async (text) => {
      expect(await readHandle(key, "pcx_pat", text)).toBeNull();
    },
  );
});
