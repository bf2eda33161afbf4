import { type Secret, secrets } from '../../api/core.ts';
import { type FieldError, invalid, required, rootPath, tooLong } from '../../api/field-error.ts';
import type { Strategy } from '../strategy.ts';
import { ageColumn, nameColumn } from './columns.ts';
import {
  decodedBytes,
  maxDataBytes,
  validateBase64,
  validateDataKeys,
  validateImmutable,
} from './data-values.ts';
import { validateNamespacedMeta } from './object-rules.ts';
import { withoutGeneration } from './without-generation.ts';

const dataPath = rootPath.child('data');

/** Writes what came in `stringData` into `data`, where it belongs: `stringData` is never read back. */
const foldStringData = ({ stringData = {}, ...secret }: Secret): Secret => {
  const encoded = Object.entries(stringData).map(
    ([key, value]) => [key, Buffer.from(value, 'utf8').toString('base64')] as const,
  );
  return encoded.length === 0
    ? secret
    : { ...secret, data: { ...secret.data, ...Object.fromEntries(encoded) } };
};

const withType = (secret: Secret, type: string): Secret =>
  secret.type === undefined || secret.type === '' ? { ...secret, type } : secret;

/** Keys that a secret of some types must have. */
const requiredKeys: ReadonlyMap<string, readonly string[]> = new Map([
  ['kubernetes.io/dockercfg', ['.dockercfg']],
  ['kubernetes.io/dockerconfigjson', ['.dockerconfigjson']],
  ['kubernetes.io/ssh-auth', ['ssh-privatekey']],
  ['kubernetes.io/tls', ['tls.crt', 'tls.key']],
]);

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

const validateDockerConfig = ({ data = {} }: Secret, key: string): readonly FieldError[] => {
  const value = data[key];
  return value === undefined || isJson(Buffer.from(value, 'base64').toString('utf8'))
    ? []
    : [invalid(dataPath.key(key), '<secret contents redacted>', 'not valid JSON')];
};

const validate = (secret: Secret): readonly FieldError[] => {
  const { data = {}, type = '' } = secret;
  const keys = requiredKeys.get(type) ?? [];
  return [
    ...validateNamespacedMeta(secret),
    ...validateDataKeys(data, dataPath),
    ...validateBase64(data, dataPath),
    ...(decodedBytes(data) > maxDataBytes ? [tooLong(dataPath, maxDataBytes)] : []),
    ...keys.filter((key) => data[key] === undefined).map((key) => required(dataPath.key(key))),
    ...keys.filter((key) => key.startsWith('.docker')).flatMap((key) => validateDockerConfig(secret, key)),
  ];
};

/** Secrets as Kubernetes serves them. */
export const secretStrategy: Strategy<Secret> = {
  resource: secrets,
  columns: [
    nameColumn,
    {
      name: 'Type',
      type: 'string',
      description: 'Used to facilitate programmatic handling of secret data.',
      priority: 0,
      cell: ({ type }) => type ?? '',
    },
    {
      name: 'Data',
      type: 'string',
      description: 'Number of values.',
      priority: 0,
      cell: ({ data }) => Object.keys(data ?? {}).length,
    },
    ageColumn,
  ],
  prepareForCreate: (secret) => withType(foldStringData(secret), 'Opaque'),
  validate,
  prepareForUpdate: (next, old) => withType(foldStringData(next), old.type ?? 'Opaque'),
  validateUpdate: (next, old) => [
    ...(next.type === old.type ? [] : [invalid(rootPath.child('type'), next.type, 'field is immutable')]),
    ...validateImmutable(next, old, ['data'], rootPath),
    ...validate(next),
  ],
  decorate: withoutGeneration,
};
