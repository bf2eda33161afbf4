import { describe, expect, it } from 'vitest';
import type { ImageStream, TagReference } from './image-stream.ts';
import { scheduleProblems } from './schedule-problems.ts';

const settings = { defaultMs: 900_000, floorMs: 60_000 };

const problemsOf = (interval: string, isScheduled = true) => {
  const tag: TagReference = {
    name: 'v1',
    annotations: { 'imagestreams.dev/refresh-interval': interval },
    from: { kind: 'DockerImage', name: 'nginx' },
    generation: 1,
    importPolicy: { scheduled: isScheduled },
  };
  const stream: ImageStream = {
    apiVersion: 'image.openshift.io/v1',
    kind: 'ImageStream',
    metadata: { name: 'app', namespace: 'ns' },
    spec: { tags: [tag] },
  };
  return scheduleProblems(stream, settings);
};

describe('scheduleProblems', () => {
  it('says what is wrong with the interval of a tag', () => {
    expect(problemsOf('often')).toMatchObject([
      { reason: 'RefreshInterval', message: expect.stringContaining('"often" is no duration') },
    ]);
    expect(problemsOf('1s')).toMatchObject([
      { reason: 'RefreshInterval', message: expect.stringContaining('is less than the 1m that are allowed') },
    ]);
  });

  it('has nothing to say of one that holds, or of a tag that is not refreshed', () => {
    expect(problemsOf('5m')).toEqual([]);
    expect(problemsOf('often', false)).toEqual([]);
  });
});
