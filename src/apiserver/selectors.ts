import { StoreError } from '../store/errors.ts';
import { parseFieldSelector as readFields, parseLabelSelector as readLabels } from '../store/index.ts';
import type { FieldRequirement, LabelRequirement } from '../store/store.ts';
import { badRequestError } from './errors.ts';

/** A selector that nobody can read is the client's mistake. */
const asBadRequest = <Result>(work: () => Result): Result => {
  try {
    return work();
  } catch (error) {
    throw error instanceof StoreError && error.code === 'invalid'
      ? badRequestError(error.message, error)
      : error;
  }
};

/**
 * Reads the label selector of a query.
 *
 * @throws {StatusError} 400 for anything that is none.
 */
export const parseLabelSelector = (text: string): readonly LabelRequirement[] =>
  asBadRequest(() => readLabels(text));

/**
 * Reads the field selector of a query.
 *
 * @throws {StatusError} 400 for anything that is none.
 */
export const parseFieldSelector = (text: string): readonly FieldRequirement[] =>
  asBadRequest(() => readFields(text));
