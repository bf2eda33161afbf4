import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const dockerfile = join(import.meta.dirname, '../../Dockerfile');

/** What the image gives Node itself: memory is measured as it is there. */
export const imageFlags = (): readonly string[] => {
  const [, entrypoint] = /^ENTRYPOINT (\[.*\])$/m.exec(readFileSync(dockerfile, 'utf8')) ?? [];
  if (entrypoint === undefined) throw new Error(`${dockerfile} has no ENTRYPOINT`);
  const [node, ...rest] = JSON.parse(entrypoint) as readonly string[];
  if (node !== 'node') throw new Error(`${dockerfile}: the ENTRYPOINT does not start node`);
  return rest.filter((argument) => argument.startsWith('-'));
};
