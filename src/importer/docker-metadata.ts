import { formatTime } from '../lib/clock.ts';
import { isJsonObject, type JsonObject } from '../oci/json.ts';
import type { ImageConfig } from '../oci/types.ts';

/** Takes a field's value where it has the right type and says something; Go's `omitempty` decides what says nothing. */
type Take = (value: unknown) => unknown;

const text: Take = (value) => (typeof value === 'string' && value !== '' ? value : undefined);
const number: Take = (value) => (Number.isSafeInteger(value) && value !== 0 ? value : undefined);
const flag: Take = (value) => (value === true ? true : undefined);
const texts: Take = (value) =>
  Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string')
    ? value
    : undefined;
const keys: Take = (value) =>
  isJsonObject(value) && Object.keys(value).length > 0
    ? Object.fromEntries(Object.keys(value).map((key) => [key, {}]))
    : undefined;
const textMap: Take = (value) =>
  isJsonObject(value) &&
  Object.keys(value).length > 0 &&
  Object.values(value).every((item) => typeof item === 'string')
    ? value
    : undefined;

const containerFields: Readonly<Record<string, Take>> = {
  Hostname: text,
  Domainname: text,
  User: text,
  Memory: number,
  MemorySwap: number,
  CpuShares: number,
  Cpuset: text,
  AttachStdin: flag,
  AttachStdout: flag,
  AttachStderr: flag,
  PortSpecs: texts,
  ExposedPorts: keys,
  Tty: flag,
  OpenStdin: flag,
  StdinOnce: flag,
  Env: texts,
  Cmd: texts,
  Dns: texts,
  Image: text,
  Volumes: keys,
  VolumesFrom: text,
  WorkingDir: text,
  Entrypoint: texts,
  NetworkDisabled: flag,
  SecurityOpts: texts,
  OnBuild: texts,
  Labels: textMap,
};

/** The fields of `source` that `fields` knows, in that order, without those that say nothing. */
const project = (source: JsonObject, fields: Readonly<Record<string, Take>>): JsonObject =>
  Object.fromEntries(
    Object.entries(fields)
      .map(([name, take]) => [name, take(source[name])] as const)
      .filter(([, value]) => value !== undefined),
  );

const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
/** What Go prints as `null`: the year 1. Reproducible builds write it. */
const zeroTimeMs = Date.parse('0001-01-01T00:00:00Z');

const createdTime = (value: unknown): string | null => {
  if (typeof value !== 'string' || !rfc3339.test(value)) return null;
  const epochMs = Date.parse(value);
  return Number.isNaN(epochMs) || epochMs === zeroTimeMs ? null : formatTime(epochMs);
};

/**
 * `dockerImageMetadata` of an Image: what its config says, in the casing of `docker inspect`. There is no `Os`.
 *
 * A field of the wrong type is left out rather than refused, so that one odd label does not lose the image.
 *
 * @see OpenShift's `image/docker10/types_docker.go`, openshift-semantics §1.4
 */
export const dockerMetadata = (image: {
  readonly id: string;
  readonly config: ImageConfig;
  /** Bytes of config and layers; undefined for an index. */
  readonly size?: number;
}): JsonObject => {
  const { id, config, size } = image;
  const container = config['container_config'];
  const fields: JsonObject = {
    kind: 'DockerImage',
    apiVersion: 'image.openshift.io/1.0',
    Id: id,
    Parent: text(config['parent']),
    Comment: text(config['comment']),
    Created: createdTime(config['created']),
    Container: text(config['container']),
    ContainerConfig: isJsonObject(container) ? project(container, containerFields) : {},
    DockerVersion: text(config['docker_version']),
    Author: text(config['author']),
    Config: isJsonObject(config['config']) ? project(config['config'], containerFields) : undefined,
    Architecture: text(config['architecture']),
    Size: number(size),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
};
