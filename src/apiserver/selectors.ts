import type { FieldRequirement, LabelRequirement } from '../store/store.ts';
import { badRequestError } from './errors.ts';

/** Label and field selectors as they stand in a query. */

const unparsable = (text: string, detail: string) =>
  badRequestError(`unable to parse requirement: ${detail} in ${JSON.stringify(text)}`);

const namePattern = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const prefixPattern = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

const isLabelKey = (key: string): boolean => {
  const parts = key.split('/');
  const name = parts.at(-1) ?? '';
  return (
    namePattern.test(name) &&
    (parts.length === 1 || (parts.length === 2 && prefixPattern.test(parts[0] ?? '')))
  );
};

const isLabelValue = (value: string): boolean => value === '' || namePattern.test(value);

/** Splits at the commas that stand outside of parentheses. */
const splitRequirements = (text: string): readonly string[] =>
  text.split(/,(?![^(]*\))/).map((part) => part.trim());

const requirementOf = (text: string): LabelRequirement => {
  const exists = /^(!?)\s*([^\s=!<>()]+)$/.exec(text);
  if (exists !== null) {
    const [, not, key = ''] = exists;
    return { key, operator: not === '!' ? 'DoesNotExist' : 'Exists' };
  }
  const equality = /^([^\s=!<>()]+)\s*(==|=|!=)\s*([^\s=!<>()]*)$/.exec(text);
  if (equality !== null) {
    const [, key = '', operator, value = ''] = equality;
    return { key, operator: operator === '!=' ? 'NotIn' : 'In', values: [value] };
  }
  const set = /^([^\s=!<>()]+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(text);
  if (set !== null) {
    const [, key = '', operator, values = ''] = set;
    return {
      key,
      operator: operator === 'in' ? 'In' : 'NotIn',
      values: values.split(',').map((value) => value.trim()),
    };
  }
  throw unparsable(text, 'found no key, operator and values');
};

/**
 * Reads `a=b,c!=d,e in (f,g),h,!i`.
 *
 * @throws {StatusError} 400 for anything else.
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 */
export const parseLabelSelector = (text: string): readonly LabelRequirement[] => {
  if (text.trim() === '') return [];
  return splitRequirements(text).map((part) => {
    const requirement = requirementOf(part);
    if (!isLabelKey(requirement.key)) throw unparsable(part, 'the key is no label key');
    const values = 'values' in requirement ? requirement.values : [];
    if (!values.every(isLabelValue)) throw unparsable(part, 'a value is no label value');
    return requirement;
  });
};

const unescape = (value: string): string => value.replace(/\\([\\,=])/g, '$1');

/**
 * Reads `metadata.name=x,type!=y`; a backslash takes the meaning from a comma, an equals sign or a backslash in a value.
 *
 * @throws {StatusError} 400 for anything else.
 */
export const parseFieldSelector = (text: string): readonly FieldRequirement[] => {
  if (text.trim() === '') return [];
  return [...text.matchAll(/(?:\\.|[^,\\])+/g)].map(([part]) => {
    const match = /^([^=!\\]+?)(==|=|!=)((?:\\.|[^=\\])*)$/.exec(part);
    if (match === null) throw badRequestError(`invalid field selector: ${JSON.stringify(part)}`);
    const [, path = '', operator, value = ''] = match;
    return { path: path.trim(), operator: operator === '!=' ? '!=' : '=', value: unescape(value) };
  });
};
