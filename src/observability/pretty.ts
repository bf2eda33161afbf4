import type { DestinationStream } from 'pino';
import pretty from 'pino-pretty';

/** Lines for a person: local time, level, message, fields. */
export const pinoPretty = (destination: DestinationStream): DestinationStream => {
  const format = pretty.prettyFactory({
    colorize: false,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname',
  });
  return { write: (line) => destination.write(format(line)) };
};
