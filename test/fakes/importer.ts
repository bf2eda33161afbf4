import { failure } from '../../src/api/status.ts';
import type {
  ImageImport,
  ImageOutcome,
  ImportContext,
  Importer,
  RepositoryImport,
  RepositoryOutcome,
} from '../../src/importer/types.ts';

type Answer<Request, Outcome> = Outcome | ((request: Request) => Outcome | Promise<Outcome>);

export type FakeImporterOptions = {
  /** By `from`. */
  readonly images?: Readonly<Record<string, Answer<ImageImport, ImageOutcome>>>;
  readonly repositories?: Readonly<Record<string, Answer<RepositoryImport, RepositoryOutcome>>>;
};

/** An importer that knows its answers; what it does not know is not found. `calls` are the requests in order. */
export type FakeImporter = Importer & {
  readonly calls: readonly {
    readonly request: ImageImport | RepositoryImport;
    readonly context: ImportContext;
  }[];
};

const notFound = (from: string) =>
  failure('NotFound', `dockerimage.image.openshift.io "${from}" not found`, {
    name: from,
    group: 'image.openshift.io',
    kind: 'dockerimage',
  });

/** A {@link FakeImporter}. */
export const createFakeImporter = ({ images = {}, repositories = {} }: FakeImporterOptions): FakeImporter => {
  const calls: { request: ImageImport | RepositoryImport; context: ImportContext }[] = [];
  return {
    calls,
    importImage: async (request, context, signal) => {
      signal.throwIfAborted();
      calls.push({ request, context });
      const answer = images[request.from];
      if (answer === undefined)
        return { ok: false, status: notFound(request.from), tag: request.from.split(':').at(-1) ?? '' };
      return typeof answer === 'function' ? answer(request) : answer;
    },
    importRepository: async (request, context, signal) => {
      signal.throwIfAborted();
      calls.push({ request, context });
      const answer = repositories[request.from];
      if (answer === undefined) return { ok: false, status: notFound(request.from) };
      return typeof answer === 'function' ? answer(request) : answer;
    },
    placesOf: (repository) => [repository],
    explain: () => undefined,
    list: () => Promise.reject(new Error('a request imports, and does not list alone')),
    resolve: () => Promise.reject(new Error('a request asks for images, never for digests')),
  };
};
