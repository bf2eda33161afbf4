import { digestAlgorithm, digestBytes } from './digest.ts';
import { parseImageConfig } from './image-config.ts';
import { formatRepository } from './reference.ts';
import { createRequest, repositoryUrl } from './request.ts';
import { requestError, type Send } from './transport/send.ts';
import { errorOfResponse, isWebPage } from './transport/status.ts';
import type { RegistryClient } from './types.ts';

const maxConfigBytes = 4 * 1024 * 1024;

/** Reads config blobs, and believes them only when size and digest are those of the descriptor. */
export const createConfigReader =
  (send: Send, now: () => number): RegistryClient['getConfig'] =>
  async (repository, descriptor, access, signal) => {
    const request = createRequest(
      repository,
      {
        method: 'GET',
        operation: 'config',
        url: repositoryUrl(repository, `blobs/${descriptor.digest}`),
        subject: `${formatRepository(repository)}@${descriptor.digest}`,
        accept: '*/*',
        maxBytes: maxConfigBytes,
      },
      access,
    );
    if (descriptor.size > maxConfigBytes) {
      throw requestError(request, 'too-large', `the config is larger than ${maxConfigBytes} bytes`);
    }
    const response = await send(request, signal);
    if (response.status !== 200) throw errorOfResponse(request, response, now());
    const { bytes } = response;
    const digest = digestBytes(bytes, digestAlgorithm(descriptor.digest));
    if (digest !== descriptor.digest && isWebPage(response)) {
      throw requestError(request, 'invalid-response', 'the answer is a web page, not a config', {
        fault: 'web-page',
        status: response.status,
      });
    }
    if (digest !== descriptor.digest || bytes.byteLength !== descriptor.size) {
      throw requestError(
        request,
        'digest-mismatch',
        `the config has ${bytes.byteLength} bytes with the digest ${digest}, not ${descriptor.size} with ${descriptor.digest}`,
      );
    }
    const parsed = parseImageConfig(bytes);
    if (!parsed.ok) throw requestError(request, 'invalid-response', parsed.problem);
    return { bytes, config: parsed.value };
  };
