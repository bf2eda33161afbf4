import type { Operation, RegistryRequest } from './transport/send.ts';
import type { Access, Repository } from './types.ts';

/** Docker Hub's registry answers at another host than the one that references name. */
const hosts: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' };

/** What a request asks for. */
export type Question = {
  readonly method: 'GET' | 'HEAD';
  readonly operation: Operation;
  readonly url: URL;
  readonly subject: string;
  readonly accept: string;
  readonly maxBytes: number;
};

/** The URL of something in a repository: `path` stands under `/v2/<repository>/`. */
export const repositoryUrl = ({ registry, repository }: Repository, path: string): URL =>
  new URL(`https://${hosts[registry] ?? registry}/v2/${repository}/${path}`);

/** A request about a repository, before any layer touched it. */
export const createRequest = (
  repository: Repository,
  { accept, ...question }: Question,
  access: Access,
): RegistryRequest => ({ ...question, repository, headers: { accept }, access });
