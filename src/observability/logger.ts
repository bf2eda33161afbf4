import { type DestinationStream, type LoggerOptions, pino } from 'pino';
import type { Logger } from '../lib/logger.ts';
import { pinoPretty } from './pretty.ts';

/** Fields that never reach a log, at the top of a line and one level down. */
const secretFields = [
  'authorization',
  'Authorization',
  'password',
  'token',
  'auth',
  'identitytoken',
  'registrytoken',
];

export type LoggerSettings = {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  readonly format: 'json' | 'pretty';
  /** Default: standard error, so that standard output stays for what a person asked for. */
  readonly destination?: DestinationStream;
};

/** The pino logger behind the `Logger` type; JSON lines, or readable ones for a terminal. Credentials in known fields are redacted. */
export const createLogger = (settings: LoggerSettings): Logger => {
  const options: LoggerOptions = {
    level: settings.level,
    redact: { paths: secretFields.flatMap((field) => [field, `*.${field}`]), censor: '[redacted]' },
  };
  const destination = settings.destination ?? pino.destination({ dest: 2, sync: true });
  return pino(options, settings.format === 'pretty' ? pinoPretty(destination) : destination);
};
