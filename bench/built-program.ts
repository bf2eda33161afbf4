import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Bench } from './bench.ts';

const root = resolve(import.meta.dirname, '..');

const build = async (bench: Bench): Promise<string> => {
  const directory = mkdtempSync(join(tmpdir(), 'bench-program-'));
  bench.cleanup(() => rmSync(directory, { recursive: true, force: true }));
  const tsc = join(root, 'node_modules/.bin/tsc');
  await promisify(execFile)(tsc, ['--outDir', join(directory, 'dist')], { cwd: root });
  copyFileSync(join(root, 'package.json'), join(directory, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  return join(directory, 'dist/main.js');
};

const built = new WeakMap<Bench, Promise<string>>();

/**
 * Path of the program as it is installed, built once for a bench: what Node spends on types of the source is not what users pay. Of the
 * smallest size it is the source.
 */
export const builtProgram = async (bench: Bench): Promise<string> => {
  if (bench.size === 'smoke') return join(root, 'src/main.ts');
  const program = built.get(bench) ?? build(bench);
  built.set(bench, program);
  return program;
};
