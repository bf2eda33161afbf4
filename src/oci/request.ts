import type { Operation, RegistryRequest } from './transport/send.ts';
import type { Access, Repository } from './types.ts';

/** Docker Hub's registry answers at another host than the one that references name. */
const hosts: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' };

/** What a request asks for. */
export type Question = {
  readonly method: 'GET' | 'HEAD';
  readonly operation: Operation;
  /** Under `/v2/<repository>/`. */
  readonly path: string;
  readonly query?: string | undefined;
  readonly subject: string;
  readonly accept: string;
  readonly maxBytes: number;
};

/** The URL of something in a repository. */
export const repositoryUrl = ({ registry, repository }: Repository, path: string): URL =>
  new URL(`https://${hosts[registry] ?? registry}/v2/${repository}/${path}`);

/** A request about a repository, before any layer touched it. */
export const createRequest = (
  repository: Repository,
  { method, operation, path, query = '', subject, accept, maxBytes }: Question,
  access: Access,
): RegistryRequest => {
  const url = repositoryUrl(repository, path);
  url.search = query;
  return { method, operation, repository, subject, url, headers: { accept }, access, maxBytes };
};
