import type { ImageImportStatus } from '../api/image-stream-import.ts';
import { ago, annotationFields, field, listField, mapField } from './description.ts';
import { formatSize } from './human-size.ts';
import { alignTabs } from './tab-writer.ts';
import { type Fields, fieldsOf, textOf, textsOf } from './untyped.ts';

/** An image as it stands within another object: nothing of it is certain. */
export type EmbeddedImage = NonNullable<ImageImportStatus['image']>;

const keysOf = (value: unknown): readonly string[] => Object.keys(fieldsOf(value)).toSorted();

const layerFields = (image: EmbeddedImage, sizeBytes: number): string => {
  const layers = image.dockerImageLayers ?? [];
  if (layers.length === 0) return field('Layer Size', formatSize(sizeBytes));
  return [
    field('Image Size', `${formatSize(sizeBytes)} in ${layers.length} layers`),
    listField(
      'Layers',
      layers.map((layer) => `${formatSize(layer.size)}\t${layer.name}`),
    ),
  ].join('');
};

const manifestFields = (image: EmbeddedImage): string =>
  listField(
    'Manifests',
    (image.dockerImageManifests ?? []).map(
      ({ os, architecture, digest }) => `${os}/${architecture}\t${digest}`,
    ),
  );

const configFields = (config: Fields): string => {
  const entrypoint = textsOf(config['Entrypoint']).join(' ');
  const command = textsOf(config['Cmd']).join(' ');
  return [
    entrypoint === '' ? '' : field('Entrypoint', entrypoint),
    entrypoint !== '' && command === '' ? '' : field('Command', command),
    field('Working Dir', textOf(config['WorkingDir']) ?? ''),
    field('User', textOf(config['User']) ?? ''),
    field('Exposes Ports', keysOf(config['ExposedPorts']).join(', ')),
    mapField(
      'Docker Labels',
      Object.fromEntries(
        Object.entries(fieldsOf(config['Labels'])).map(([key, value]) => [key, textOf(value) ?? '']),
      ),
    ),
    listField('Environment', textsOf(config['Env'])),
    listField('Volumes', keysOf(config['Volumes'])),
  ].join('');
};

/**
 * An image in the words of `oc describe istag`: size, layers or manifests, and what its config runs.
 *
 * `name` is what it is called by: its digest, or `<stream>:<tag>` after an import.
 */
export const describeImage = (image: EmbeddedImage, name: string, nowMs: number): string => {
  const metadata = fieldsOf(image.dockerImageMetadata);
  const meta = image.metadata ?? {};
  const created = meta.creationTimestamp;
  const sizeBytes = typeof metadata['Size'] === 'number' ? metadata['Size'] : 0;
  return alignTabs(
    [
      field('Image Name', name),
      field('Docker Image', image.dockerImageReference ?? ''),
      field('Name', meta.name ?? ''),
      created === undefined || created === null ? '' : field('Created', ago(created, nowMs)),
      Object.keys(meta.labels ?? {}).length === 0 ? '' : mapField('Labels', meta.labels),
      Object.keys(meta.annotations ?? {}).length === 0 ? '' : annotationFields(meta.annotations),
      layerFields(image, sizeBytes),
      field('Image Created', ago(textOf(metadata['Created']), nowMs)),
      field('Author', textOf(metadata['Author']) ?? ''),
      field('Arch', textOf(metadata['Architecture']) ?? ''),
      manifestFields(image),
      configFields(fieldsOf(metadata['Config'])),
    ].join(''),
  );
};
