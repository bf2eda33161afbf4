import { formatRepository } from '../reference.ts';
import type { Reference, Repository } from '../types.ts';
import {
  bySpecificity,
  type Location,
  matchesAnyPort,
  matchesPrefix,
  type Parsed,
  rewrite,
} from './prefix.ts';
import type { MirrorUse, Registries, RegistryRule } from './registries.ts';

/** Somewhere that a repository can be fetched from. */
export type Place = {
  readonly repository: Repository;
  /** Its canonical text: equal names are equal places. */
  readonly name: string;
  /** Whether this place may be insecure by what is set up; a reference may allow it to the source besides. */
  readonly insecure: boolean;
  readonly role: 'mirror' | 'source';
  readonly use: MirrorUse;
};

/** Where to look for a repository. */
export type Places = {
  /** Mirrors in their order, then the source. */
  readonly places: readonly Place[];
  /** Why places that are set up, or named, are not among them. */
  readonly refusals: readonly string[];
};

const ruleFor = ({ rules }: Registries, repository: Repository): RegistryRule | undefined =>
  rules
    .filter(({ prefix }) => matchesPrefix(prefix, repository))
    .toSorted((a, b) => bySpecificity(a.prefix, b.prefix))[0];

const isBlocked = (registries: Registries, repository: Repository): boolean =>
  registries.block.some((prefix) => matchesAnyPort(prefix, repository)) ||
  (ruleFor(registries, repository)?.blocked ?? false);

const move = (
  rule: RegistryRule | undefined,
  location: Location | undefined,
  repository: Repository,
): Parsed<Repository> =>
  rule === undefined || location === undefined
    ? { ok: true, value: repository }
    : rewrite(rule.prefix, location, repository);

/**
 * Where a repository may be fetched from. A source is blocked by its name or by where it leads, a mirror by where it leads; the rule
 * for a name does not lead further from there.
 *
 * @see https://github.com/containers/image/blob/main/docs/containers-registries.conf.5.md
 */
export const placesOf = (registries: Registries, named: Repository): Places => {
  const namedText = formatRepository(named);
  if (registries.allow.length > 0 && !registries.allow.some((prefix) => matchesPrefix(prefix, named))) {
    return { places: [], refusals: [`${namedText} is not among the allowed registries`] };
  }
  const rule = ruleFor(registries, named);
  const places: Place[] = [];
  const refusals: string[] = [];

  const add = (place: Pick<Place, 'role' | 'insecure' | 'use'>, moved: Parsed<Repository>): void => {
    if (!moved.ok) {
      refusals.push(`the ${place.role} that is set up has no place for ${namedText}: ${moved.problem}`);
      return;
    }
    const repository = moved.value;
    const name = formatRepository(repository);
    const isRefused =
      isBlocked(registries, repository) || (place.role === 'source' && isBlocked(registries, named));
    if (isRefused) {
      refusals.push(`${name} is blocked`);
    } else {
      const insecure = place.insecure || (ruleFor(registries, repository)?.insecure ?? false);
      places.push({ ...place, repository, name, insecure });
    }
  };

  const source = move(rule, rule?.location, named);
  for (const { location, insecure, use } of rule?.mirrors ?? []) {
    const moved = move(rule, location, named);
    const isSource =
      moved.ok && source.ok && formatRepository(moved.value) === formatRepository(source.value);
    add({ role: isSource ? 'source' : 'mirror', insecure, use }, moved);
  }
  add({ role: 'source', insecure: rule?.insecure ?? false, use: 'all' }, source);
  return { places, refusals };
};

/** Whether a place may be asked for this kind of target; lists of tags count as tags. */
export const serves = ({ use }: Place, kind: Reference['target']['kind']): boolean =>
  use === 'all' || use === kind;
