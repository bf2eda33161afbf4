import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';

export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
};

export type PolicyRule = {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
};

export type Role = Manifest & { readonly rules: readonly PolicyRule[] };

export type Binding = Manifest & {
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[];
};

const root = resolve(import.meta.dirname, '../..');

/** The objects of a folder of deploy/, as `kubectl kustomize` renders them. */
export const render = (folder: string): readonly Manifest[] =>
  parseAllDocuments(execFileSync('kubectl', ['kustomize', resolve(root, folder)], { encoding: 'utf8' })).map(
    (document) => document.toJS() as Manifest,
  );

export const isRole = (manifest: Manifest): manifest is Role =>
  manifest.kind === 'Role' || manifest.kind === 'ClusterRole';

export const isBinding = (manifest: Manifest): manifest is Binding =>
  manifest.kind === 'RoleBinding' || manifest.kind === 'ClusterRoleBinding';

/** What rules permit, as `VERB resource.group`. */
export const permissionsOf = ({ rules }: Pick<Role, 'rules'>): readonly string[] =>
  rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.map((verb) => `${verb} ${resource}${group === '' ? '' : `.${group}`}`),
      ),
    ),
  );
