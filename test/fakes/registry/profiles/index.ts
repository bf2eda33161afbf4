import { artifactory } from './artifactory.ts';
import { azure } from './azure.ts';
import { dockerHub } from './docker-hub.ts';
import { ecrPrivate, ecrPublic } from './ecr.ts';
import { ghcr } from './ghcr.ts';
import { gitlab } from './gitlab.ts';
import { google } from './google.ts';
import { harbor } from './harbor.ts';
import { kubernetes } from './kubernetes.ts';
import { microsoft } from './microsoft.ts';
import { nexus, nexusGroup } from './nexus.ts';
import type { Profile } from './profile.ts';
import { quay } from './quay.ts';
import { redHat } from './red-hat.ts';

export type { Profile, Quirk } from './profile.ts';

/** Every registry that we say we know. */
export const profiles: readonly Profile[] = [
  dockerHub,
  quay,
  ghcr,
  google,
  ecrPrivate,
  ecrPublic,
  azure,
  gitlab,
  harbor,
  nexus,
  nexusGroup,
  artifactory,
  redHat,
  microsoft,
  kubernetes,
];
