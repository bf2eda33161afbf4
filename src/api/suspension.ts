import { suspendAnnotation } from './annotations.ts';
import type { ImageStream } from './image-stream.ts';
import { isOn } from './toggle-annotation.ts';

/**
 * Whether a stream is left alone: no refresh, no retry. What somebody asks for, an import request or a change of its spec, is carried out
 * all the same.
 */
export const isSuspended = (stream: ImageStream): boolean => isOn(stream, suspendAnnotation);

/** What that means, for whoever looks at such a stream. */
export const whySuspended = `the annotation ${suspendAnnotation} is "true": nothing is refreshed or tried again; import requests and changes of the spec are carried out`;
