import {
  asRepository,
  type DockerImageReference,
  formatDockerImageReference,
  parseDockerImageReference,
} from '../api/docker-image-reference.ts';
import { invalid, rootPath } from '../api/field-error.ts';
import { invalidStatus, type Status } from '../api/status.ts';
import { parseReference } from '../oci/reference.ts';
import type { Reference, Repository } from '../oci/types.ts';

/** Where to import from, in both spellings: the user's, which is recorded, and the one that registries are asked by. */
export type Source = {
  /** The repository as the user spelled it: `nginx` stays `nginx`. */
  readonly repository: DockerImageReference;
  readonly reference: Reference;
};

export type ParsedSource =
  | { readonly ok: true; readonly source: Source }
  | { readonly ok: false; readonly status: Status };

/** `from.name` is no pull spec: the 422 of the original, which names neither kind nor object. */
const invalidFrom = (from: string, problem: string): ParsedSource => {
  const path = rootPath.child('from').child('name');
  const { details, ...status } = invalidStatus({ group: '', kind: '', name: '' }, [
    invalid(path, from, `invalid name: ${problem}`),
  ]);
  return { ok: false, status: { ...status, details: { causes: details?.causes ?? [] } } };
};

/** Reads a pull spec; a malformed one is an answer, not an exception. */
export const parseSource = (from: string): ParsedSource => {
  const spelled = parseDockerImageReference(from);
  if ('error' in spelled) return invalidFrom(from, spelled.error);
  if (spelled.name === '') return invalidFrom(from, 'repository name must have at least one component');
  const parsed = parseReference(from);
  if (!parsed.ok) return invalidFrom(from, parsed.problem);
  return { ok: true, source: { repository: asRepository(spelled), reference: parsed.reference } };
};

/** The tag that a source names; empty where it names a digest. */
export const tagOf = ({ target }: Reference): string => (target.kind === 'tag' ? target.tag : '');

/** The same repository, in both spellings, at another tag. */
export const withTag = ({ repository, reference }: Source, tag: string): Source => ({
  repository,
  reference: { ...repositoryOf(reference), target: { kind: 'tag', tag } },
});

export const repositoryOf = ({ registry, repository }: Reference): Repository => ({ registry, repository });

/** The pull spec that is recorded for an image: the user's spelling of the repository, with the digest. */
export const recordedReference = ({ repository }: Source, digest: string): string =>
  formatDockerImageReference({ ...repository, id: digest });
