import type { JsonObject } from '../json.ts';

/** Reads the members of a table of somebody's file and gathers what is wrong with them. */
export type TableReader = {
  /** A text; `undefined` where it is absent or wrong. */
  readonly text: (table: JsonObject, key: string) => string | undefined;
  /** A boolean; false where it is absent or wrong. */
  readonly flag: (table: JsonObject, key: string) => boolean;
  /** Says of members that are not `known` that they are unknown: a rule that is misspelt would be one that does not hold. */
  readonly only: (table: JsonObject, known: readonly string[], where: string) => void;
  readonly problem: (sentence: string) => void;
  readonly problems: readonly string[];
};

/** A reader whose problems begin with `source`, the name of the file. */
export const createTableReader = (source: string): TableReader => {
  const problems: string[] = [];
  const problem = (sentence: string): void => {
    problems.push(`${source}: ${sentence}`);
  };
  return {
    text: (table, key) => {
      const value = table[key];
      if (value === undefined || typeof value === 'string') return value;
      problem(`${key} must be a text`);
      return undefined;
    },
    flag: (table, key) => {
      const value = table[key];
      if (typeof value === 'boolean') return value;
      if (value !== undefined) problem(`${key} must be true or false`);
      return false;
    },
    only: (table, known, where) => {
      for (const key of Object.keys(table)) if (!known.includes(key)) problem(`${where}: ${key} is unknown`);
    },
    problem,
    problems,
  };
};
