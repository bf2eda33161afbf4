import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { controllerPermissions } from '../deploy/permissions.ts';

/** One request, as an API server's audit log has it. */
type Entry = {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly requestURI: string;
  readonly responseStatus?: { readonly code?: number };
  /** `authorization.k8s.io/decision`: admission refuses with 403, too, and that is no matter of roles. */
  readonly annotations?: Readonly<Record<string, string>>;
};

const account = 'system:serviceaccount:imagestreams:imagestreams';

/** All that the controller asked of all API servers whose logs are in a directory. */
const readEntries = (directory: string): readonly Entry[] =>
  readdirSync(directory)
    .flatMap((file) => readFileSync(join(directory, file), 'utf8').split('\n'))
    .filter((line) => line.includes(account))
    .map((line) => JSON.parse(line) as Entry)
    .filter(({ user }) => user.username === account);

/** `VERB resource[/subresource][.group]`, as permissions are named. */
const permissionOf = ({ verb, objectRef = {}, requestURI }: Entry): string => {
  const { apiGroup = '', resource = requestURI, subresource } = objectRef;
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  return `${verb} ${what}${apiGroup === '' ? '' : `.${apiGroup}`}`;
};

const isForbidden = ({ annotations }: Entry): boolean =>
  annotations?.['authorization.k8s.io/decision'] === 'forbid';

/** What the roles of deploy/ allow and nothing has used; what was used and they do not allow. */
export type AuditFindings = { readonly unused: readonly string[]; readonly refused: readonly string[] };

/** Compares what the controller did in a run of all tests with what its roles let it. */
export const judgeAuditLogs = (directory: string): AuditFindings => {
  const entries = readEntries(directory);
  const used = new Set(entries.filter((entry) => !isForbidden(entry)).map(permissionOf));
  const refused = new Set(entries.filter(isForbidden).map(permissionOf));
  const allowed = Object.entries(controllerPermissions).flatMap(([resource, verbs]) =>
    Object.keys(verbs).map((verb) => `${verb} ${resource}`),
  );
  return {
    unused: allowed.filter((permission) => !used.has(permission)),
    // What was allowed at other times is in the roles: a test took it away, or an API server that had just started had not read them yet.
    refused: [...refused].filter((permission) => !used.has(permission)),
  };
};
