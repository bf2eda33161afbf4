import { type ConfigMap, configMaps } from '../../api/core.ts';
import { type FieldError, invalid, rootPath, tooLong } from '../../api/field-error.ts';
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
const binaryPath = rootPath.child('binaryData');

const validate = (configMap: ConfigMap): readonly FieldError[] => {
  const { data = {}, binaryData = {} } = configMap;
  const textBytes = Object.values(data).reduce((sum, value) => sum + Buffer.byteLength(value), 0);
  return [
    ...validateNamespacedMeta(configMap),
    ...validateDataKeys(data, dataPath),
    ...validateDataKeys(binaryData, binaryPath),
    ...validateBase64(binaryData, binaryPath),
    ...Object.keys(data)
      .filter((key) => Object.hasOwn(binaryData, key))
      .map((key) => invalid(dataPath.key(key), key, 'duplicate of key present in binaryData')),
    ...(textBytes + decodedBytes(binaryData) > maxDataBytes ? [tooLong(rootPath, maxDataBytes)] : []),
  ];
};

/** Values of which there are none are left out, as Go leaves them out. */
const withoutEmptyData = (configMap: ConfigMap): ConfigMap => {
  const { data = {}, binaryData = {}, ...rest } = configMap;
  return {
    ...rest,
    ...(Object.keys(data).length === 0 ? {} : { data }),
    ...(Object.keys(binaryData).length === 0 ? {} : { binaryData }),
  };
};

/** ConfigMaps as Kubernetes serves them. */
export const configMapStrategy: Strategy<ConfigMap> = {
  resource: configMaps,
  columns: [
    nameColumn,
    {
      name: 'Data',
      type: 'string',
      description: 'Number of values.',
      priority: 0,
      cell: ({ data = {}, binaryData = {} }) => Object.keys(data).length + Object.keys(binaryData).length,
    },
    ageColumn,
  ],
  applyDefaults: withoutEmptyData,
  validate,
  validateUpdate: (next, old) => [
    ...validateImmutable(next, old, ['data', 'binaryData'], rootPath),
    ...validate(next),
  ],
  decorate: withoutGeneration,
};
