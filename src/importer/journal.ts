import type { ExplainedAttempt, ExplainedFailure, ExplainedRequest } from '../api/explanation.ts';
import type { Clock } from '../lib/clock.ts';
import { formatTime } from '../lib/clock.ts';
import { createBoundedMap } from '../oci/bounded-map.ts';
import { diagnose } from '../oci/diagnosis.ts';
import { RegistryError } from '../oci/errors.ts';
import type { RequestEvent } from '../oci/transport/observe.ts';
import type { Access, DigestRung } from '../oci/types.ts';
import type { Scope } from './content.ts';

/** Questions to registries whose attempts are kept. */
const maxSubjects = 10_000;
/** Attempts of one question. */
const maxAttempts = 5;
/** Requests of one attempt. */
const maxRequests = 20;

/** What an attempt found out, as far as it is told. */
type Found = { readonly digest?: string | undefined; readonly rung?: DigestRung | undefined };

const answerOf = ({ outcome }: RequestEvent): string => {
  switch (outcome.kind) {
    case 'answered':
      return String(outcome.status);
    case 'failed':
      return outcome.code;
    case 'aborted':
      return 'aborted';
  }
};

const explainRequest = (event: RequestEvent): ExplainedRequest => ({
  method: event.method,
  operation: event.operation,
  host: event.host,
  ...(event.credential === undefined ? {} : { credential: event.credential }),
  answer: answerOf(event),
  durationMs: Math.round(event.durationMs),
});

/** What a failure comes from, for whoever asks in this namespace. */
const explainFailure = (error: RegistryError, { repository, access }: Scope): ExplainedFailure => {
  const { message } = error;
  return { message, ...diagnose(error, { repository, namespace: access.caller }) };
};

/** Keeps how the last attempts of each question went, for whoever wants to know why. */
export type Journal = {
  /** Does the work with an access that listens to its requests, and notes what came of it. */
  readonly note: <Value>(
    subject: { readonly key: string; readonly question: ExplainedAttempt['question']; readonly scope: Scope },
    work: (access: Access) => Promise<Value>,
    found: (value: Value) => Found,
  ) => Promise<Value>;
  /** Newest first. */
  readonly of: (key: string) => readonly ExplainedAttempt[];
};

/** A journal of this run of the program. */
export const createJournal = (clock: Clock): Journal => {
  const kept = createBoundedMap<readonly ExplainedAttempt[]>(maxSubjects);
  const of = (key: string): readonly ExplainedAttempt[] => kept.get(key) ?? [];

  return {
    of,
    note: async ({ key, question, scope }, work, found) => {
      const at = formatTime(clock.now());
      const startedMs = clock.monotonic();
      const events: RequestEvent[] = [];
      let requests = 0;
      const onRequest = (event: RequestEvent): void => {
        requests += 1;
        if (requests <= maxRequests) events.push(event);
      };
      const write = (rest: Pick<ExplainedAttempt, 'digest' | 'rung' | 'failure'>): void => {
        const attempt: ExplainedAttempt = {
          at,
          durationMs: Math.round(clock.monotonic() - startedMs),
          question,
          requests: events.map(explainRequest),
          ...(requests > maxRequests ? { omittedRequests: requests - maxRequests } : {}),
          ...rest,
        };
        kept.set(key, [attempt, ...of(key)].slice(0, maxAttempts));
      };
      try {
        const value = await work({ ...scope.access, onRequest });
        write(found(value));
        return value;
      } catch (error) {
        if (error instanceof RegistryError) write({ failure: explainFailure(error, scope) });
        throw error;
      }
    },
  };
};
