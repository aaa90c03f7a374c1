// The one function of Node that the Worker uses, as the Workers runtime provides it (`nodejs_compat`).
declare module "node:crypto" {
  interface ScryptOptions {
    N: number;
    r: number;
    p: number;
    maxmem: number;
  }
  export function scryptSync(password: string, salt: Uint8Array, bytes: number, options: ScryptOptions): Uint8Array;
}
