import type { GoldenRegistries } from '../../setup/golden-registry.ts';
import type { Serve } from '../serve.ts';
import { closed, open } from './scenario.ts';

type Replacements = readonly (readonly [from: string, to: string])[];

const rewrite = (text: string, replacements: Replacements): string =>
  replacements.reduce((before, [from, to]) => before.replaceAll(from, to), text);

/** Pull secrets hold the hosts in base64. */
const rewriteEncoded = (text: string, replacements: Replacements): string =>
  Buffer.from(rewrite(Buffer.from(text, 'base64').toString(), replacements)).toString('base64');

const rewriteJson = (value: unknown, replacements: Replacements): unknown =>
  value === undefined
    ? undefined
    : JSON.parse(JSON.stringify(value), (key, child: unknown) => {
        if (typeof child !== 'string') return child;
        return key === '.dockerconfigjson'
          ? rewriteEncoded(child, replacements)
          : rewrite(child, replacements);
      });

/**
 * An API whose requests and answers name the registries as the recordings do, wherever these are served from: on ports that are free,
 * so that no two runs stand in each other's way.
 */
export const withRecordedHosts = (
  api: Serve['api'],
  { open: openHost, protected: closedHost }: GoldenRegistries,
): Serve['api'] => {
  const toActual: Replacements = [
    [open, openHost],
    [closed, closedHost],
  ];
  const toRecorded: Replacements = toActual.map(([recorded, actual]) => [actual, recorded]);
  return async (method, path, body, ...rest) => {
    const answer = await api(method, path, rewriteJson(body, toActual), ...rest);
    return {
      status: answer.status,
      body: rewriteJson(answer.body, toRecorded),
      text: rewrite(answer.text, toRecorded),
    };
  };
};
