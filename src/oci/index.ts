export { createRegistryClient, type RegistryClientOptions } from './client.ts';
export {
  dockerConfigProblem,
  type ParsedDockerConfig,
  parseDockerConfig,
} from './credentials/docker-config.ts';
export { anonymous, type CredentialEntry, createKeychain } from './credentials/keychain.ts';
export {
  createOperatorCredentials,
  type OperatorCredentialsOptions,
} from './credentials/operator-credentials.ts';
export { type Diagnosis, type DiagnosisContext, diagnose } from './diagnosis.ts';
export { digestAlgorithm, digestBytes, isDigest, parseDigest } from './digest.ts';
export { type CredentialTrial, RegistryError, type RegistryErrorCode, type RegistryFault } from './errors.ts';
export { mediaTypes } from './media-type.ts';
export type { Finding } from './probe.ts';
export {
  formatReference,
  formatRepository,
  isRegistryName,
  isTag,
  type ParsedReference,
  type ParsedRepository,
  parseReference,
  parseRepository,
} from './reference.ts';
export { type MergedRules, mergeRules } from './registries/merge.ts';
export { type MirrorSet, type ParsedMirrorSets, parseMirrorSets } from './registries/mirror-sets.ts';
export { type Prefix, parsePrefix } from './registries/prefix.ts';
export { noRegistries, type Registries, type RegistryRule } from './registries/registries.ts';
export { type ParsedRegistriesConf, parseRegistriesConf } from './registries/registries-conf.ts';
export { type Certificates, checkCertificates, createCertificates } from './transport/certificates.ts';
export type { HostGate } from './transport/limit.ts';
export type { RequestEvent } from './transport/observe.ts';
export type { ProxySettings } from './transport/proxy.ts';
export type { Operation } from './transport/send.ts';
export type {
  Access,
  Credential,
  CredentialHelper,
  Descriptor,
  Digest,
  FetchedConfig,
  FetchedManifest,
  ImageConfig,
  Keychain,
  Manifest,
  Platform,
  PlatformDescriptor,
  Reference,
  RegistryClient,
  Repository,
} from './types.ts';
