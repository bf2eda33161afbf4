import type { ImageStream } from '../api/image-stream.ts';
import type { ImageImportStatus, ImageStreamImport } from '../api/image-stream-import.ts';
import { formatImageStreamTagName } from '../api/image-stream-names.ts';
import { isHeld } from '../api/pending.ts';
import type { Status } from '../api/status.ts';
import { describeImage } from './describe-image.ts';
import { describeStream } from './describe-stream.ts';

const isFailure = (status: Status | undefined): boolean => status?.status === 'Failure';

/** The tag that an answer is about; one that was imported by digest has only the tag that it was meant for. */
const tagOf = (result: ImageStreamImport, image: ImageImportStatus, index: number): string =>
  image.tag !== undefined && image.tag !== '' ? image.tag : (result.spec?.images?.[index]?.to?.name ?? '');

const messageOf = (status: Status | undefined): string =>
  status?.message ?? status?.reason ?? 'unknown reason';

/** What failed, a sentence each; empty when everything was imported. */
export const importFailures = (result: ImageStreamImport): readonly string[] => {
  const { images = [], repository } = result.status ?? {};
  const ofRepository = (repository?.images ?? [])
    .filter(({ status }) => isFailure(status))
    .map(({ tag = '', status }) => `repository tag ${tag} failed: ${messageOf(status)}`);
  const whole =
    isFailure(repository?.status) && ofRepository.length === 0
      ? [`repository ${result.spec?.repository?.from.name ?? ''} failed: ${messageOf(repository?.status)}`]
      : [];
  const single = images.flatMap((image, index) =>
    isFailure(image.status) ? [`tag ${tagOf(result, image, index)} failed: ${messageOf(image.status)}`] : [],
  );
  return [...whole, ...ofRepository, ...single];
};

type ImportedStream = NonNullable<NonNullable<ImageStreamImport['status']>['import']>;

/** The stream in an answer as the object that it is. */
const streamOf = (stream: ImportedStream, name: string): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  ...stream,
  metadata: { name, ...stream.metadata },
});

/** Says of each tag that was fetched, but stays where it was rolled back to, that it does. */
const heldNotes = (result: ImageStreamImport, name: string): readonly string[] => {
  const { images = [], repository, import: imported } = result.status ?? {};
  if (imported === undefined) return [];
  const stream = streamOf(imported, name);
  const tags = [
    ...(repository?.images ?? []).map(({ tag = '' }) => tag),
    ...images.map((image, index) => tagOf(result, image, index)),
  ];
  return tags
    .filter((tag) => isHeld(stream, tag))
    .map((tag) => {
      const full = formatImageStreamTagName({ stream: name, tag });
      return `\ninfo: ${full} stays where it was rolled back to; "rollback ${full} --resume" has it follow its source again\n`;
    });
};

/** What an import did, as `oc import-image` prints it: the stream, then every image that was fetched. */
export const describeImport = (
  result: ImageStreamImport,
  options: { readonly stream: string; readonly dryRun: boolean; readonly nowMs: number },
): string => {
  const { images = [], repository, import: stream } = result.status ?? {};
  const outcome = importFailures(result).length === 0 ? 'imported' : 'imported with errors';
  const ofImage = ({ image }: ImageImportStatus, tag: string): readonly string[] => {
    if (image === undefined) return [];
    const name = formatImageStreamTagName({ stream: options.stream, tag });
    return [describeImage(image, name, options.nowMs)];
  };
  const sections = [
    ...(stream === undefined ? [] : [describeStream(streamOf(stream, options.stream), options.nowMs)]),
    ...(repository?.images ?? []).flatMap((image) => ofImage(image, image.tag ?? '')),
    ...images.flatMap((image, index) => ofImage(image, tagOf(result, image, index))),
  ];
  const additional = repository?.additionalTags ?? [];
  return [
    `imagestream.image.openshift.io/${options.stream} ${outcome}${options.dryRun ? ' (dry run)' : ''}\n\n`,
    ...sections.map((section) => `${section}\n`),
    additional.length === 0
      ? ''
      : `\ninfo: The remote repository contained ${additional.length} additional tags which were not imported: ${additional.join(', ')}\n`,
    ...heldNotes(result, options.stream),
    '\n',
  ].join('');
};
