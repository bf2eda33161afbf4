import { parseRedisUrl } from './events/redis-url.ts';
import { parseDuration } from './lib/duration.ts';
import { type Prefix, parsePrefix } from './oci/registries/prefix.ts';

/** The kinds of settings: how the text of each is read. */

type Parsed<T> = { readonly value: T } | { readonly problem: string };

export type Setting<T> = {
  /** Placeholder in the help; undefined for a switch. */
  readonly placeholder?: string;
  readonly fallback: T;
  /** How the default is shown. */
  readonly shown: string;
  readonly help: string;
  readonly parse: (text: string) => Parsed<T>;
};

export const duration = (fallbackText: string, help: string): Setting<number> => ({
  placeholder: 'DURATION',
  fallback: parseDuration(fallbackText) ?? 0,
  shown: fallbackText,
  help,
  parse: (text) => {
    const value = parseDuration(text);
    return value === undefined || value <= 0
      ? { problem: `"${text}" is no duration; write for example 30s, 15m or 1h` }
      : { value };
  },
});

export const count = (fallback: number, minimum: number, help: string): Setting<number> => ({
  placeholder: 'N',
  fallback,
  shown: String(fallback),
  help,
  parse: (text) =>
    /^\d+$/.test(text) && Number(text) >= minimum
      ? { value: Number(text) }
      : { problem: `"${text}" is no whole number of at least ${minimum}` },
});

export const text = (placeholder: string, fallback: string, help: string): Setting<string> => ({
  placeholder,
  fallback,
  shown: fallback === '' ? 'none' : fallback,
  help,
  parse: (value) => (value === '' ? { problem: 'must not be empty' } : { value }),
});

/** The value may hold a password: problems do not show it. */
export const redisUrl = (help: string): Setting<string> => ({
  placeholder: 'URL',
  fallback: '',
  shown: 'none',
  help,
  parse: (value) => {
    const parsed = parseRedisUrl(value);
    return 'problem' in parsed ? { problem: parsed.problem } : { value };
  },
});

/** A program that hears of changes; the name says where its cursors are. */
type Receiver = { readonly name: string; readonly url: URL };

const defaultReceiver = 'cloudevents';

const parseReceiver = (text: string): Receiver | undefined => {
  const match = /^(?:([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)=)?(https?:\/\/.+)$/.exec(text);
  const url = URL.parse(match?.[2] ?? '');
  if (url === null) return undefined;
  const name = match?.[1] === undefined ? defaultReceiver : `${defaultReceiver}-${match[1]}`;
  return { name, url };
};

/** URLs may hold passwords: problems do not show them. */
export const receivers = (help: string): Setting<readonly Receiver[]> => ({
  placeholder: '[NAME=]URL,…',
  fallback: [],
  shown: 'none',
  help,
  parse: (value) => {
    const parsed = splitList(value).map(parseReceiver);
    const known = parsed.filter((receiver) => receiver !== undefined);
    if (known.length < parsed.length)
      return {
        problem: 'holds what is no URL; write for example https://HOST/PATH or NAME=https://HOST/PATH',
      };
    const names = new Set(known.map(({ name }) => name));
    return names.size === known.length
      ? { value: known }
      : {
          problem:
            'names two receivers alike; write NAME=URL for all but one of them, each with another name',
        };
  },
});

const splitList = (value: string): readonly string[] =>
  value === '' ? [] : value.split(',').map((item) => item.trim());

export const paths = (
  placeholder: string,
  help: string,
  fallback: readonly string[] = [],
): Setting<readonly string[]> => ({
  placeholder,
  fallback,
  shown: fallback.length === 0 ? 'none' : fallback.join(','),
  help,
  parse: (value) => ({ value: splitList(value) }),
});

export const registries = (help: string): Setting<readonly Prefix[]> => ({
  placeholder: 'REGISTRY,…',
  fallback: [],
  shown: 'none',
  help,
  parse: (value) => {
    const parsed = splitList(value).map(parsePrefix);
    const wrong = parsed.find((prefix) => !prefix.ok);
    if (wrong !== undefined) return { problem: wrong.problem };
    return { value: parsed.flatMap((prefix) => (prefix.ok ? [prefix.value] : [])) };
  },
});

export const choice = <const Values extends readonly string[]>(
  values: Values,
  fallback: Values[number],
  help: string,
): Setting<Values[number]> => ({
  placeholder: values.join('|'),
  fallback,
  shown: fallback,
  help,
  parse: (value) =>
    values.includes(value) ? { value } : { problem: `"${value}" is none of ${values.join(', ')}` },
});

export const toggle = (help: string): Setting<boolean> => ({
  fallback: false,
  shown: 'false',
  help,
  parse: (value) =>
    value === 'true' || value === ''
      ? { value: true }
      : value === 'false'
        ? { value: false }
        : { problem: `"${value}" is neither true nor false` },
});

type Address = { readonly host: string; readonly port: number };

export const address = (fallback: string, help: string): Setting<Address> => {
  const parse = (value: string): Parsed<Address> => {
    const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(value);
    const host = match?.[1] ?? match?.[2];
    const port = Number(match?.[3]);
    return host === undefined || port > 65_535
      ? { problem: `"${value}" is no HOST:PORT; write for example 127.0.0.1:8443` }
      : { value: { host, port } };
  };
  const parsed = parse(fallback);
  return {
    placeholder: 'HOST:PORT',
    fallback: 'value' in parsed ? parsed.value : { host: '', port: 0 },
    shown: fallback,
    help,
    parse,
  };
};
