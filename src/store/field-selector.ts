import { StoreError } from './errors.ts';
import type { FieldRequirement } from './store.ts';

/**
 * Reads `metadata.name=x,type!=y`; an empty text selects everything. In a value, a backslash takes the meaning from a comma, an equals
 * sign or a backslash. Which paths may be named is for the caller to say.
 *
 * @throws {StoreError} with code `invalid`, worded as by Kubernetes.
 * @see https://github.com/kubernetes/apimachinery/blob/master/pkg/fields/selector.go
 */
export const parseFieldSelector = (text: string): readonly FieldRequirement[] =>
  termsOf(text)
    .filter((term) => term !== '')
    .map((term) => {
      const parts = /^(?<path>.+?)(?<operator>!=|==|=)(?<value>.*)$/s.exec(term)?.groups;
      if (parts === undefined)
        throw new StoreError('invalid', `invalid selector: '${text}'; can't understand '${term}'`);
      return {
        path: parts['path'] ?? '',
        operator: parts['operator'] === '!=' ? '!=' : '=',
        value: unescapeValue(parts['value'] ?? ''),
      };
    });

/** Splits at the commas that no backslash stands before. */
const termsOf = (text: string): readonly string[] => {
  const terms = [''];
  for (const [piece] of text.matchAll(/\\.?|,|[^\\,]+/gs)) {
    if (piece === ',') terms.push('');
    else terms.push(`${terms.pop() ?? ''}${piece}`);
  }
  return terms;
};

const unescapeValue = (value: string): string =>
  value.replaceAll(/\\(.?)|=/gs, (sequence: string, escaped: string | undefined) => {
    if (escaped === undefined)
      throw new StoreError('invalid', `invalid field selector: unescaped character in value: ${sequence}`);
    if (!['\\', ',', '='].includes(escaped))
      throw new StoreError('invalid', `invalid field selector: invalid escape sequence: ${sequence}`);
    return escaped;
  });
