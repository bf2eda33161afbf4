/** Fields of a log line; names are listed in CONTRIBUTING.md. Never a credential. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured logger: a constant lower-case message, data in fields. `observability/logger.ts` makes the real one. */
export type Logger = {
  readonly debug: (fields: LogFields, message: string) => void;
  readonly info: (fields: LogFields, message: string) => void;
  readonly warn: (fields: LogFields, message: string) => void;
  readonly error: (fields: LogFields, message: string) => void;
  readonly child: (fields: LogFields) => Logger;
};
