import type {
  ExplainedAttempt,
  ExplainedGate,
  ExplainedPlace,
  ExplainedRequest,
  Explanation,
} from '../api/explanation.ts';
import { approximateDuration, shortDuration } from '../lib/human-duration.ts';
import { ago } from './description.ts';

const indent = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`);

/** A label with its lines; the first stands beside it. */
const section = (label: string, lines: readonly string[]): readonly string[] =>
  lines.map((line, index) => `${(index === 0 ? `${label}:` : '').padEnd(10)}${line}`);

const describePlace = ({ repository, credentials }: ExplainedPlace): string =>
  `${repository}, with ${[...credentials, 'no credential'].join(', then ')}`;

const rungs = {
  'digest-header': 'by HEAD',
  etag: 'by the ETag of HEAD',
  hash: 'by GET and hashing',
} as const;

const describeRequest = ({
  method,
  operation,
  host,
  answer,
  credential,
  durationMs,
}: ExplainedRequest): string =>
  `${method.padEnd(4)} ${operation.padEnd(8)} ${host}  ${answer}  ${durationMs} ms  ${credential ?? 'no credential'}`;

const describeAttempt = (attempt: ExplainedAttempt, nowMs: number): readonly string[] => {
  const { at, question, digest, rung, failure, requests, omittedRequests = 0 } = attempt;
  const outcome =
    failure === undefined
      ? [digest ?? 'listed', ...(rung === undefined ? [] : [rungs[rung]])].join(' ')
      : `failed (${failure.fault}): ${failure.message}`;
  return [
    `${ago(at, nowMs)}, ${question}: ${outcome}`,
    ...indent(requests.map(describeRequest)),
    ...(omittedRequests === 0 ? [] : [`  … and ${omittedRequests} more requests`]),
  ];
};

const inTime = (time: string, nowMs: number): string => {
  const leftMs = Date.parse(time) - nowMs;
  return leftMs <= 0 ? 'now' : `in ${shortDuration(leftMs)}`;
};

const describeQuota = (
  { remaining, limit, windowSeconds, resetsAt }: NonNullable<ExplainedGate['quota']>,
  nowMs: number,
): string =>
  [
    `${remaining}${limit === undefined ? '' : ` of ${limit}`} left`,
    ...(windowSeconds === undefined ? [] : [`per ${approximateDuration(windowSeconds * 1000)}`]),
    ...(resetsAt === undefined ? [] : [`renewed ${inTime(resetsAt, nowMs)}`]),
  ].join(', ');

const describeGate = (gate: ExplainedGate, nowMs: number): string => {
  const { host, inFlight, concurrency, waiting, perSecond, pausedUntil, quota, refused } = gate;
  const callers = waiting.map(
    ({ caller, requests }) => `${requests} of ${caller === '' ? 'this program' : caller}`,
  );
  return [
    `${host}: ${inFlight} of ${concurrency} requests under way`,
    callers.length === 0 ? 'none waits' : `waiting: ${callers.join(', ')}`,
    ...(perSecond === undefined ? [] : [`limited to ${perSecond.toFixed(1)} a second`]),
    ...(pausedUntil === undefined ? [] : [`paused, goes on ${inTime(pausedUntil, nowMs)}`]),
    ...(quota === undefined ? [] : [`quota: ${describeQuota(quota, nowMs)}`]),
    ...(refused === undefined ? [] : [`asked for less (${refused.status}) ${ago(refused.at, nowMs)}`]),
  ].join('; ');
};

const whys = { refresh: 'scheduled refresh', retry: 'retry after the failure' } as const;

const describeRefresh = ({
  every,
  filter,
  problems,
}: NonNullable<Explanation['refresh']>): readonly string[] => [
  `every ${every}${filter === undefined ? '' : `, tags that pass ${filter}`}`,
  ...problems,
];

const titleOf = ({ tag, reference }: Explanation, stream: string | undefined): string => {
  if (stream === undefined) return reference ?? '';
  const name = tag === undefined || tag === '' ? `${stream} (its repository)` : `${stream}:${tag}`;
  return reference === undefined ? name : `${name} from ${reference}`;
};

/** Why things are as they are, for people. `stream` is whose tags are explained; undefined: a reference alone. */
export const formatExplanation = (
  explanation: Explanation,
  stream: string | undefined,
  nowMs: number,
): string => {
  const { state, places, attempts, refresh, next, halted, gates } = explanation;
  const failure = attempts[0]?.failure;
  const isAsked = explanation.reference !== undefined;
  const lines = [
    ...(state === undefined ? [] : section('State', [state])),
    ...(isAsked
      ? section('Asks', places.length === 0 ? ['nobody: it is blocked'] : places.map(describePlace))
      : []),
    ...(isAsked && attempts.length === 0 ? section('Asked', ['not since this program started']) : []),
    ...section(
      'Asked',
      attempts.flatMap((attempt) => describeAttempt(attempt, nowMs)),
    ),
    ...(refresh === undefined ? [] : section('Refresh', describeRefresh(refresh))),
    ...(next === undefined ? [] : section('Next', [`${inTime(next.at, nowMs)} (${whys[next.why]})`])),
    ...(halted === undefined ? [] : section('Halted', [halted])),
    ...section(
      'Hosts',
      gates.map((gate) => describeGate(gate, nowMs)),
    ),
    ...(failure === undefined
      ? []
      : [...section('Cause', [failure.cause]), ...section('Advice', [failure.advice])]),
  ];
  return [titleOf(explanation, stream), ...indent(lines)].map((line) => `${line.trimEnd()}\n`).join('');
};
