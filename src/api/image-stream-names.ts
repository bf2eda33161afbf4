/** `<stream>:<tag>`, the name of an ImageStreamTag and of an ImageTag. */
export type ImageStreamTagName = { readonly stream: string; readonly tag: string };

/** Splits `<stream>:<tag>` at its only colon; undefined when it has another form. */
export const parseImageStreamTagName = (name: string): ImageStreamTagName | undefined => {
  const [stream, tag, ...rest] = name.split(':');
  if (stream === undefined || tag === undefined || rest.length > 0 || name.includes('@')) return undefined;
  return stream === '' || tag === '' ? undefined : { stream, tag };
};

export const formatImageStreamTagName = ({ stream, tag }: ImageStreamTagName): string => `${stream}:${tag}`;

/** `<stream>@<digest or the start of its hex>`, the name of an ImageStreamImage. */
export type ImageStreamImageName = { readonly stream: string; readonly id: string };

/** Splits `<stream>@<id>`; undefined when it has another form. */
export const parseImageStreamImageName = (name: string): ImageStreamImageName | undefined => {
  const [stream, id, ...rest] = name.split('@');
  if (stream === undefined || id === undefined || rest.length > 0) return undefined;
  return stream === '' || id === '' ? undefined : { stream, id };
};

export const formatImageStreamImageName = ({ stream, id }: ImageStreamImageName): string => `${stream}@${id}`;

/** Whether `id` (a whole digest, or the start of one with or without its algorithm) names the image `digest`. */
export const imageMatchesId = (digest: string, id: string): boolean =>
  id !== '' && digest !== '' && (digest.startsWith(id) || hexOf(digest).startsWith(id));

const hexOf = (digest: string): string => digest.slice(digest.indexOf(':') + 1);
