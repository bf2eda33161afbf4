import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Reads like the table in ARCHITECTURE.md, and fails when that table lies. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  api: ['lib'],
  oci: ['lib'],
  store: ['lib', 'api'],
  importer: ['lib', 'api', 'oci'],
  kube: ['lib', 'api', 'store'],
  runtime: ['lib', 'api', 'store'],
  events: ['lib', 'api', 'store'],
  controllers: ['lib', 'api', 'store', 'importer', 'runtime'],
  apiserver: ['lib', 'api', 'store', 'importer'],
  webhooks: ['lib', 'api', 'oci'],
  cli: ['lib', 'api'],
  demo: ['lib', 'api'],
  observability: ['lib'],
};

/** Folders whose types (never values) observability may also read: it turns their events into metrics. */
const observed = ['oci', 'importer', 'store', 'runtime', 'controllers', 'apiserver', 'events'];

/** Packages (and guarded built-ins), each with the folders or files it may be imported from. */
const packageHomes: Readonly<Record<string, readonly string[]>> = {
  typebox: ['api'],
  semver: ['api', 'oci'],
  re2js: ['api'],
  undici: ['oci', 'kube'],
  'p-queue': ['oci', 'kube'],
  '@kubernetes/client-node': ['kube/connection.ts'],
  'node:sqlite': ['store/embedded.ts', 'store/embedded-schema.ts'],
  fastify: ['apiserver', 'observability'],
  ioredis: ['events'],
  'fast-json-patch': ['apiserver'],
  protobufjs: ['apiserver'],
  '@peculiar/x509': ['apiserver'],
  'reflect-metadata': ['apiserver'],
  commander: ['cli', 'main.ts', 'app.ts', 'config.ts'],
  pino: ['observability'],
  'pino-pretty': ['observability'],
  'prom-client': ['observability'],
  'smol-toml': ['oci/registries'],
  yaml: ['oci', 'cli', 'apiserver', 'apply.ts', 'config.ts', 'generate.ts'],
};

const source = resolve(import.meta.dirname, '../src');

type Import = { readonly target: string; readonly typeOnly: boolean };

const importsOf = (text: string): readonly Import[] =>
  [...text.matchAll(/^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)';/gm)]
    .map((match) => ({ target: match[2] ?? '', typeOnly: match[1] !== undefined }))
    .concat(
      [...text.matchAll(/\bimport\('([^']+)'\)/g)].map((match) => ({
        target: match[1] ?? '',
        typeOnly: false,
      })),
    );

const sourceFiles = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .map((path) => ({
    path: path.split(sep).join('/'),
    folder: path.split(sep)[0] ?? '',
    imports: importsOf(readFileSync(join(source, path), 'utf8')),
  }));

const folderOf = (file: string, target: string): string =>
  relative(source, resolve(source, dirname(file), target)).split(sep)[0] ?? '';

const packageOf = (target: string): string =>
  target.startsWith('@')
    ? target.split('/').slice(0, 2).join('/')
    : target.startsWith('node:')
      ? target
      : (target.split('/')[0] ?? '');

describe('the dependency rule', () => {
  it('sees the source files', () => {
    expect(sourceFiles.length).toBeGreaterThan(20);
  });

  for (const file of sourceFiles.filter(({ path }) => path.includes('/'))) {
    it(`${file.path} imports only what its folder may`, () => {
      const strangers = file.imports
        .filter(({ target }) => target.startsWith('.'))
        .map(({ target, typeOnly }) => ({ folder: folderOf(file.path, target), typeOnly }))
        .filter(({ folder }) => folder !== file.folder && !(mayImport[file.folder] ?? []).includes(folder))
        .filter(
          ({ folder, typeOnly }) =>
            !(file.folder === 'observability' && typeOnly && observed.includes(folder)),
        );
      expect(strangers).toEqual([]);
    });
  }

  for (const file of sourceFiles) {
    it(`${file.path} imports only packages that live there`, () => {
      const misplaced = file.imports
        .map(({ target }) => packageOf(target))
        .filter((name) => name !== '' && !name.startsWith('.'))
        .filter((name) => !name.startsWith('node:') || name in packageHomes)
        .filter(
          (name) =>
            !(packageHomes[name] ?? []).some(
              (home) => file.path === home || file.path.startsWith(`${home}/`),
            ),
        );
      expect(misplaced).toEqual([]);
    });
  }

  it('knows every folder', () => {
    const folders = new Set(sourceFiles.filter(({ path }) => path.includes('/')).map(({ folder }) => folder));
    expect([...folders].filter((folder) => !(folder in mayImport))).toEqual([]);
  });
});

describe('what stands in one place only', () => {
  const textOf = (path: string): string => readFileSync(join(source, path), 'utf8');
  const offenders = (pattern: RegExp, homes: readonly string[]): readonly string[] =>
    sourceFiles
      .map(({ path }) => path)
      .filter((path) => !homes.some((home) => path.startsWith(home)) && pattern.test(textOf(path)));

  it('reads process.env in config.ts alone', () => {
    expect(offenders(/process\.env/, ['config.ts', 'main.ts'])).toEqual([]);
  });
  it('exits the process in main.ts alone', () => {
    expect(offenders(/process\.exit\b/, ['main.ts'])).toEqual([]);
  });
  it('reads the clock in lib/clock.ts alone', () => {
    expect(offenders(/Date\.now\(\)|new Date\(\)|performance\.now\(\)/, ['lib/clock.ts'])).toEqual([]);
  });
});

describe('ARCHITECTURE.md', () => {
  const text = readFileSync(resolve(import.meta.dirname, '../ARCHITECTURE.md'), 'utf8');

  it('names only files and folders that are there', () => {
    const named = [...text.matchAll(/`((?:src\/|test\/)?[a-z-]+(?:\/[a-z-]+)*(?:\.test)?(?:\.ts|\/))`/g)].map(
      (match) => match[1] ?? '',
    );
    const root = resolve(import.meta.dirname, '..');
    const missing = named.filter((name) => !existsSync(join(root, name)) && !existsSync(join(source, name)));
    expect(named.length).toBeGreaterThan(20);
    expect(missing).toEqual([]);
  });

  it('describes every folder', () => {
    expect(Object.keys(mayImport).filter((folder) => !text.includes(`**\`${folder}\`**`))).toEqual([
      'webhooks',
    ]);
  });
});
