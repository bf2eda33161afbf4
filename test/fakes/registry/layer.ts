import { gzipSync } from 'node:zlib';
import { digestBytes } from '../../../src/oci/digest.ts';
import type { Digest } from '../../../src/oci/types.ts';

/** A layer as tools make it. */
export type Layer = {
  /** A tar file, gzipped. */
  readonly bytes: Uint8Array;
  /** Of the tar file alone, as configs have it. */
  readonly diffId: Digest;
};

const blockSize = 512;

const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`;

/** The header of a regular file, as POSIX has it. */
const headerOf = (path: string, sizeBytes: number): Buffer => {
  const header = Buffer.alloc(blockSize);
  header.write(path, 0);
  header.write(octal(0o644, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(sizeBytes, 12), 124);
  header.write(octal(0, 12), 136);
  header.write(' '.repeat(8), 148);
  header.write('0ustar\0' + '00', 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 7)} `, 148);
  return header;
};

/** A layer with one file. Equal arguments give equal bytes. */
export const aLayer = (path: string, text: string): Layer => {
  const content = Buffer.from(text);
  const padding = Buffer.alloc((blockSize - (content.length % blockSize)) % blockSize);
  const end = Buffer.alloc(2 * blockSize);
  const tar = Buffer.concat([headerOf(path, content.length), content, padding, end]);
  return { bytes: gzipSync(tar), diffId: digestBytes(tar) };
};
