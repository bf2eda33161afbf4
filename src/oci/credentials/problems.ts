import { createBoundedMap } from '../bounded-map.ts';

/** Where failures of helpers are told, each once until it is over. */
export type ProblemReporter = {
  readonly failed: (subject: string, problem: string) => void;
  readonly worked: (subject: string) => void;
};

/** Tells `onProblem` of a problem when its subject had none, or another one, before: a helper that stays broken is told of once. */
export const createProblemReporter = (onProblem: (message: string) => void): ProblemReporter => {
  const told = createBoundedMap<string>(10_000);
  return {
    failed: (subject, problem) => {
      if (told.get(subject) === problem) return;
      told.set(subject, problem);
      onProblem(`${subject}: ${problem}`);
    },
    worked: told.delete,
  };
};
