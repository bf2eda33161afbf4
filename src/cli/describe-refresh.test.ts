import { describe, expect, it } from 'vitest';
import type { ImageStream } from '../api/image-stream.ts';
import { describeRefresh } from './describe-refresh.ts';

const aStream = (
  annotations: Readonly<Record<string, string>>,
  spec: NonNullable<ImageStream['spec']>,
): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name: 'app', namespace: 'ns', annotations },
  spec,
});
const from = { kind: 'DockerImage', name: 'quay.io/team/app:v1' };
const interval = (text: string) => ({ 'imagestreams.dev/refresh-interval': text });

describe('the refresh of a stream', () => {
  it('is told by repository and scheduled tag, the interval of the tag before that of the stream', () => {
    const annotations = {
      ...interval('1h'),
      'imagestreams.dev/scheduled': 'true',
      'imagestreams.dev/tag-filter': '1.x',
    };
    const tags = [
      { name: 'v1', from, importPolicy: { scheduled: true } },
      { name: 'v2', from, importPolicy: { scheduled: true }, annotations: interval('5m') },
      { name: 'v3', from },
    ];
    expect(describeRefresh(aStream(annotations, { dockerImageRepository: 'quay.io/team/app', tags }))).toBe(
      '\nRefresh:\n  quay.io/team/app: every 1h, tags that pass 1.x\n  v1: every 1h\n  v2: every 5m\n',
    );
  });

  it('is told with what cannot be read', () => {
    const tags = [{ name: 'v1', from, importPolicy: { scheduled: true }, annotations: interval('often') }];
    const text = describeRefresh(aStream({ 'imagestreams.dev/suspend': 'yes' }, { tags }));
    expect(text).toContain('  v1: at the interval of the server\n');
    expect(text).toContain('  ! annotation imagestreams.dev/refresh-interval: "often" is no duration');
    expect(text).toContain('  ! annotation imagestreams.dev/suspend: "yes" is neither "true" nor "false"');
  });

  it('is nothing to tell of where the stream says nothing of its own', () => {
    expect(
      describeRefresh(aStream({}, { tags: [{ name: 'v1', from, importPolicy: { scheduled: true } }] })),
    ).toBe('');
  });
});
