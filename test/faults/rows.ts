import { answers } from './answers.ts';
import { connections } from './connections.ts';
import { limits } from './limits.ts';
import { logins } from './logins.ts';
import { pages } from './pages.ts';
import { realms } from './realms.ts';
import { redirects } from './redirects.ts';
import type { Row } from './row.ts';

/** Everything that a registry does to us, by kind. */
export const rowsByKind: readonly (readonly [kind: string, rows: readonly Row[]])[] = [
  ['a wrong answer', answers],
  ['a wish to be left alone', limits],
  ['a bad connection', connections],
  ['a wrong way', redirects],
  ['a wrong page', pages],
  ['a wrong token server', realms],
  ['a bad login', logins],
];
