import type { ImageStream } from '../api/image-stream.ts';
import { shortDuration } from '../lib/human-duration.ts';
import { formatTable } from './output.ts';

const ageOf = (time: string, nowMs: number): string => {
  const atMs = Date.parse(time);
  return Number.isNaN(atMs) ? '<unknown>' : shortDuration(nowMs - atMs);
};

/** The conditions of a stream as a table; nothing for a stream without any, such as one of OpenShift's own. */
export const describeConditions = (stream: ImageStream, nowMs: number): string => {
  const conditions = stream.status?.conditions ?? [];
  if (conditions.length === 0) return '';
  const table = formatTable(
    ['Type', 'Status', 'Reason', 'Age', 'Message'],
    conditions.map(({ type, status, reason, lastTransitionTime, message }) => [
      type,
      status,
      reason,
      ageOf(lastTransitionTime, nowMs),
      message,
    ]),
  );
  return `\nConditions:\n${table.replaceAll(/^/gm, '  ').trimEnd()}\n`;
};
