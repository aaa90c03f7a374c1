// JSON logs, one line each, the same for Worker and runner (this file and protocol.ts are what src/ imports from here).
// Fields are named by the caller, so nothing is logged that was not chosen; what looks like a credential is masked all the same.
export const LOG_LEVELS = ["DEBUG", "INFO", "WARN", "ERROR"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to each line. */
  with(fields: LogFields): Logger;
}

/** Takes one finished line, without a newline at its end. */
export type WriteLine = (line: string) => void;

const CREDENTIAL = /\b(sk-[\w-]{8,}|pcx_[a-z]+_[\w-]{8,}|eyJ[\w-]{10,}\.[\w-]+\.[\w-]*|Bearer\s+[\w.~+/=-]{8,})/g;

export function createLogger(write: WriteLine, level: LogLevel, base: LogFields = {}): Logger {
  const threshold = LOG_LEVELS.indexOf(level);
  const at =
    (line: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (LOG_LEVELS.indexOf(line) < threshold) return;
      const record = { at: new Date().toISOString(), level: line, message, ...base, ...fields };
      write(JSON.stringify(record, describeErrors).replace(CREDENTIAL, "[masked]"));
    };
  return {
    debug: at("DEBUG"),
    info: at("INFO"),
    warn: at("WARN"),
    error: at("ERROR"),
    with: (fields) => createLogger(write, level, { ...base, ...fields }),
  };
}

function describeErrors(_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  return { name: value.name, message: value.message, ...(value.cause === undefined ? {} : { cause: value.cause }) };
}
