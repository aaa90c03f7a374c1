// Media types in requests: RFC 9110, sections 8.3 and 12.5.1.

/** Of the body, in lower case and without parameters; empty where none is named. */
export function mediaTypeOf(request: Request): string {
  return bare(request.headers.get("content-type") ?? "");
}

/** Whether one of `types` is welcome to the client. Who says nothing takes all. */
export function accepts(request: Request, types: readonly string[]): boolean {
  const ranges = (request.headers.get("accept") ?? "*/*")
    .split(",")
    .filter((range) => !/;\s*q=0(?:\.0*)?\s*(?:;|$)/.test(range));
  return ranges
    .map(bare)
    .some((range) => types.some((type) => range === "*/*" || range === type || isGroupOf(range, type)));
}

function isGroupOf(range: string, type: string): boolean {
  return range.endsWith("/*") && type.startsWith(range.slice(0, -1));
}

function bare(type: string): string {
  return type.split(";")[0]?.trim().toLowerCase() ?? "";
}
