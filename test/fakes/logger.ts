import type { LogFields, Logger } from '../../src/lib/logger.ts';

export type LogLine = {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
};

/** A logger that keeps its lines; `lines` is shared with its children. */
export type RecordingLogger = Logger & { readonly lines: LogLine[] };

/** A {@link RecordingLogger}. */
export const createRecordingLogger = (bound: LogFields = {}, lines: LogLine[] = []): RecordingLogger => {
  const at =
    (level: LogLine['level']) =>
    (fields: LogFields, message: string): void => {
      lines.push({ level, message, fields: { ...bound, ...fields } });
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => createRecordingLogger({ ...bound, ...fields }, lines),
    lines,
  };
};
