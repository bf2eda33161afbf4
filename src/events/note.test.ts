import { describe, expect, it } from 'vitest';
import type { ChangeEvent } from '../api/change-event.ts';
import { changeSentence, noteOfChange } from './note.ts';

const failed: ChangeEvent = {
  id: 'a',
  type: 'ImportFailed',
  namespace: 'team',
  stream: 'app',
  tag: 'v1',
  revision: 1,
  reference: 'quay.io/a/b@sha256:1',
  reason: 'NotFound',
  message: 'no such manifest',
  time: '2026-01-01T00:00:00Z',
};
const { message: _, reason: __, ...recovered } = { ...failed, type: 'ImportRecovered' } as const;
const repository = { tag: '', reference: 'quay.io/a/b', revision: 0 };

describe('changeSentence', () => {
  it.each([
    [failed, 'tag v1 could not be imported: no such manifest'],
    [recovered, 'tag v1 is imported again'],
    [{ ...failed, ...repository }, 'repository quay.io/a/b could not be imported: no such manifest'],
    [{ ...recovered, ...repository }, 'repository quay.io/a/b is imported again'],
  ])('names the tag, or the repository where there is none (%#)', (event, sentence) => {
    expect(changeSentence(event)).toBe(sentence);
  });
});

describe('noteOfChange', () => {
  it('warns beside the stream that its repository could not be imported', () => {
    const metadata = {
      name: 'app',
      namespace: 'team',
      uid: 'u',
      resourceVersion: '7',
      creationTimestamp: '2026-01-01T00:00:00Z',
    };
    const stream = { apiVersion: 'image.openshift.io/v1', kind: 'ImageStream', metadata } as const;
    expect(noteOfChange({ ...failed, ...repository }, stream)).toMatchObject({
      type: 'Warning',
      reason: 'ImportFailed',
      message: 'repository quay.io/a/b could not be imported: no such manifest',
      involvedObject: { kind: 'ImageStream', namespace: 'team', name: 'app', uid: 'u' },
    });
  });
});
