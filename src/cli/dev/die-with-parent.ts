// Loaded into wrangler before it starts: wrangler ignores its stdin, so a dev server that is killed would leave it behind.
// `kill(0)` reaches the process group, and with it the runtime that wrangler started.
process.stdin.on("end", () => process.kill(0, "SIGKILL")).resume();
process.stdin.unref?.();
