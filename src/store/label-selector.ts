import { labelValueRule, qualifiedNameRule } from '../api/validation/names.ts';
import { StoreError } from './errors.ts';
import type { LabelRequirement } from './store.ts';

/**
 * Reads `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1,m<2`; an empty text selects everything.
 *
 * @throws {StoreError} with code `invalid`, worded as by Kubernetes.
 * @see https://github.com/kubernetes/apimachinery/blob/master/pkg/labels/selector.go
 */
export const parseLabelSelector = (text: string): readonly LabelRequirement[] => {
  const tokens = tokensOf(text);
  const requirements: LabelRequirement[] = [];
  if (tokens.peek() === '') return requirements;
  if (!startsRequirement(tokens.peek())) throw unreadable(tokens.peek(), "!, identifier, or 'end of string'");
  for (;;) {
    requirements.push(parseRequirement(tokens));
    const separator = tokens.next();
    if (separator === '') return requirements;
    if (separator !== ',') throw unreadable(separator, "',' or 'end of string'");
    if (!startsRequirement(tokens.peek())) throw unreadable(tokens.peek(), "identifier after ','");
  }
};

/** The words and signs of a selector one by one; the empty string at the end. */
type Tokens = { readonly peek: () => string; readonly next: () => string };

const tokensOf = (text: string): Tokens => {
  const tokens = text.match(/==|!=|[=!(),<>]|[^\s=!(),<>]+/g) ?? [];
  let position = 0;
  return {
    peek: () => tokens[position] ?? '',
    next: () => {
      position += 1;
      return tokens[position - 1] ?? '';
    },
  };
};

const isIdentifier = (token: string): boolean => /^[^=!(),<>]/.test(token);
const startsRequirement = (token: string): boolean => token === '!' || isIdentifier(token);
const endsRequirement = (token: string): boolean => token === '' || token === ',';

const invalid = (detail: string): StoreError =>
  new StoreError('invalid', `unable to parse requirement: ${detail}`);

/** Between requirements. */
const unreadable = (token: string, expected: string): StoreError =>
  new StoreError('invalid', `found '${token}', expected: ${expected}`);

/** Within one. */
const unexpected = (token: string, expected: string): StoreError =>
  invalid(`found '${token}', expected: ${expected}`);

const parseRequirement = (tokens: Tokens): LabelRequirement => {
  const negated = tokens.peek() === '!';
  if (negated) tokens.next();
  const key = parseKey(tokens);
  if (negated) return { key, operator: 'DoesNotExist' };
  if (endsRequirement(tokens.peek())) return { key, operator: 'Exists' };
  const operator = tokens.next();
  switch (operator) {
    case '=':
    case '==':
      return { key, operator: 'In', values: [parseExactValue(tokens, key)] };
    case '!=':
      return { key, operator: 'NotIn', values: [parseExactValue(tokens, key)] };
    case 'in':
      return { key, operator: 'In', values: parseValues(tokens, key) };
    case 'notin':
      return { key, operator: 'NotIn', values: parseValues(tokens, key) };
    case '>':
      return { key, operator: 'Gt', value: parseInteger(tokens) };
    case '<':
      return { key, operator: 'Lt', value: parseInteger(tokens) };
    default:
      throw unexpected(operator, 'in, notin, =, ==, !=, gt, lt');
  }
};

const parseKey = (tokens: Tokens): string => {
  const key = tokens.next();
  if (!isIdentifier(key)) throw unexpected(key, 'identifier');
  const [problem] = qualifiedNameRule(key);
  if (problem !== undefined) throw invalid(`<nil>: Invalid value: "${key}": ${problem}`);
  return key;
};

const parseExactValue = (tokens: Tokens, key: string): string => {
  if (endsRequirement(tokens.peek())) return '';
  const value = tokens.next();
  if (!isIdentifier(value)) throw unexpected(value, 'identifier');
  return checkedValue(value, key);
};

const parseInteger = (tokens: Tokens): string => {
  const value = endsRequirement(tokens.peek()) ? '' : tokens.next();
  if (!/^-?\d{1,18}$/.test(value))
    throw invalid(
      `values[0]: Invalid value: "${value}": for 'Gt', 'Lt' operators, the value must be an integer`,
    );
  return value;
};

/** `(a,b)`; nothing between two commas is the empty value. */
const parseValues = (tokens: Tokens, key: string): readonly string[] => {
  const opening = tokens.next();
  if (opening !== '(') throw invalid(`found '${opening}' expected: '('`);
  if (tokens.peek() === ')') throw invalid("for 'in', 'notin' operators, values set can't be empty");
  const values = new Set<string>();
  for (;;) {
    values.add(isIdentifier(tokens.peek()) ? checkedValue(tokens.next(), key) : '');
    const separator = tokens.next();
    if (separator === ')') return [...values];
    if (separator !== ',') throw unexpected(separator, "',' or ')'");
  }
};

const checkedValue = (value: string, key: string): string => {
  const [problem] = labelValueRule(value);
  if (problem !== undefined) throw invalid(`values[0][${key}]: Invalid value: "${value}": ${problem}`);
  return value;
};
