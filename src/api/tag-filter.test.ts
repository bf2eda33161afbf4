import { describe, expect, it } from 'vitest';
import { parseTagFilter, tagFilterProblem } from './tag-filter.ts';

const passing = (text: string | undefined, tags: readonly string[]): readonly string[] => {
  const parsed = parseTagFilter(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return tags.filter(parsed.filter);
};
const problemOf = (text: string): string | undefined => {
  const parsed = parseTagFilter(text);
  return parsed.ok ? undefined : parsed.problem;
};

describe('a filter of tags', () => {
  it('lets every tag through where there is none', () => {
    expect(passing(undefined, ['latest', '1.0', ''])).toEqual(['latest', '1.0', '']);
  });

  it.each([
    ['>=1.20 <2', ['1.19', '1.20', 'v1.20.3', '1.27-alpine', '2.0', 'latest', '1'], ['1.20', 'v1.20.3']],
    ['^3.18', ['3.17.9', '3.18', '3.20.1', '4.0', '20240329'], ['3.18', '3.20.1']],
    ['24.x', ['24.04', '24.10', '23.10', '24'], ['24.04', '24.10']],
    ['>=1.0.0-0', ['1.0.0-rc.1', '1.0.0-alpha', '1.0.0'], ['1.0.0-rc.1', '1.0.0-alpha', '1.0.0']],
    ['1.x || >=3.0', ['1.9', '2.1', '3.1'], ['1.9', '3.1']],
    ['*', ['1.2.3', 'v0.1', 'main', '1.0-rc1'], ['1.2.3', 'v0.1']],
  ])('reads "%s" as a range of versions', (range, tags, expected) => {
    expect(passing(range, tags)).toEqual(expected);
  });

  it.each([
    ['/^v1\\./', ['v1.2', 'xv1.2', 'v11'], ['v1.2']],
    ['/alpine/', ['3-alpine', 'alpine3', 'Alpine'], ['3-alpine', 'alpine3']],
    ['/(?i)alpine$/', ['3-ALPINE', 'alpine3'], ['3-ALPINE']],
    ['/^\\d+$/', ['20240329', '1.2'], ['20240329']],
  ])('reads "%s" as a regular expression, anywhere in the tag', (expression, tags, expected) => {
    expect(passing(expression, tags)).toEqual(expected);
  });

  it.each([
    ['', 'it is empty'],
    ['  ', 'it is empty'],
    ['newest', 'it is no range of versions'],
    ['>=1.x <', 'it is no range of versions'],
    ['/^v1', 'lacks its closing slash'],
    ['//', 'the regular expression is empty'],
    ['/', 'lacks its closing slash'],
    ['/^v1/i', 'flags stand at the beginning'],
    ['/(v1/', 'missing closing )'],
    ['/(?=v1)/', 'invalid or unsupported Perl syntax'],
    ['/(a)\\1/', 'invalid escape sequence'],
    ['/((x{0,30}){0,30}y){1,9}/', 'invalid repeat count'],
    ['/(x{0,100}){0,9}y/', 'too complex'],
    [`/${'a'.repeat(1_000)}/`, 'longer than 1000 characters'],
  ])('says what is wrong with "%s"', (text, problem) => {
    expect(problemOf(text)).toContain(problem);
  });

  it('takes an expression that would keep a backtracking engine busy for years', () => {
    expect(passing('/^(a+)+$/', [`${'a'.repeat(127)}!`, 'aaa'])).toEqual(['aaa']);
  });

  it('is told with what to write instead', () => {
    expect(tagFilterProblem('newest', problemOf('newest') ?? '')).toBe(
      'annotation imagestreams.dev/tag-filter: "newest" cannot be read, so no tag is imported: it is no range of versions; write a range of versions, for example ">=1.20 <2", or a regular expression between slashes, for example "/^v1\\./"',
    );
  });
});
