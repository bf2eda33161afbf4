import type { RegistryError, RegistryFault } from './errors.ts';

/** What the sentences are made of. */
export type Facts = {
  readonly error: RegistryError;
  readonly repository: string;
  readonly registry: string;
  /** Who failed: the registry, its token server, or who it redirected to. */
  readonly host: string;
  /** The credentials that the registry refused, as text. */
  readonly refused: string;
  /** The same, of those that it knows and that may not read the repository. */
  readonly insufficient: string;
  /** The same, of helpers that knew nothing. */
  readonly silent: string;
  /** How to give a credential. */
  readonly howToLogIn: string;
  /** The registry, or its token server, as the subject of a sentence. */
  readonly who: string;
};

type Text = (facts: Facts) => { readonly cause: string; readonly advice: string };

const seconds = (ms: number): string => `${Math.ceil(ms / 1000)} s`;

/** Private repositories are often denied to exist to whoever shows no credential that may read them. */
const orHidden = ({ error, howToLogIn }: Facts): { readonly cause: string; readonly advice: string } =>
  error.credentials.some(({ outcome }) => outcome === 'accepted')
    ? { cause: '', advice: '' }
    : {
        cause: ', or the registry hides it from whoever shows no credential',
        advice: `; if it is private, ${howToLogIn}`,
      };

const loginTexts = {
  'no-credential': ({ repository, registry, howToLogIn }) => ({
    cause: `${registry} wants a login for ${repository}, and no credential matches it`,
    advice: `${howToLogIn}; a credential counts where its key is the host (with its port), or the host and leading parts of the path`,
  }),
  'credential-refused': ({ refused, who, repository }) => ({
    cause: `${who} refuses ${refused}, which matches ${repository}: the user name, password or token is wrong or has expired`,
    advice: `renew the credential in ${refused}; if another one was meant to be used, give it a more specific key`,
  }),
  'helper-silent': ({ silent, registry, howToLogIn }) => ({
    cause: `${registry} wants a login, and ${silent} knows no credential for it`,
    advice: `run the helper by hand and see what it says, or ${howToLogIn}`,
  }),
  'login-unknown': ({ registry }) => ({
    cause: `${registry} wants a login of a kind that is not spoken here: Basic and Bearer are, and identity tokens only with Bearer`,
    advice: 'let the registry offer one of these, or use a user name with a password or access token',
  }),
  unauthorized: ({ registry, howToLogIn }) => ({
    cause: `${registry} does not accept who asks`,
    advice: howToLogIn,
  }),
  'credential-insufficient': ({ insufficient, who, repository }) => ({
    cause: `${who} accepts ${insufficient}, and does not let it read ${repository}`,
    advice: `give that user or robot the right to pull ${repository}, or use another credential`,
  }),
  denied: ({ who, repository, howToLogIn }) => ({
    cause: `${who} lets nobody read ${repository} without a login, or nobody from this address`,
    advice: howToLogIn,
  }),
} satisfies Partial<Record<RegistryFault, Text>>;

const contentTexts = {
  'manifest-unknown': (facts) => ({
    cause: `${facts.repository} has no such tag or digest${orHidden(facts).cause}`,
    advice: `check the spelling, and whether it was deleted${orHidden(facts).advice}`,
  }),
  'name-unknown': (facts) => ({
    cause: `${facts.registry} has no repository of that name${orHidden(facts).cause}`,
    advice: `check the spelling${orHidden(facts).advice}`,
  }),
  'not-found': (facts) => ({
    cause: `${facts.registry} has nothing of that name${orHidden(facts).cause}`,
    advice: `check the spelling of repository and tag${orHidden(facts).advice}`,
  }),
  'part-missing': ({ repository }) => ({
    cause: `a manifest in ${repository} names a part that the registry does not have: it was deleted, or never pushed`,
    advice: 'push the image again, whole',
  }),
  'digest-mismatch': ({ host }) => ({
    cause: `${host} sent other bytes than their digest says: something changes or cuts off content on the way`,
    advice: 'look for a proxy, cache or mirror in between; nothing of it was taken over',
  }),
  'too-large': ({ host }) => ({
    cause: `${host} sent more than is read of such an answer`,
    advice: 'look at what the registry really sends: no manifest or config of an image is that large',
  }),
  schema1: ({ repository }) => ({
    cause: `the image in ${repository} is Docker schema 1, a format that is no longer read`,
    advice: 'push the image again with a current client',
  }),
  'unsupported-media-type': ({ repository }) => ({
    cause: `what ${repository} has under that name is no image, index or artifact of a kind that is known here`,
    advice: 'check that the reference names an image',
  }),
  'web-page': ({ host }) => ({
    cause: `${host} answers with a web page: it is no registry, or a login page or proxy stands in front of it`,
    advice: 'check host and port of the reference, and what stands in between',
  }),
  'not-http': ({ host }) => ({
    cause: `what ${host} sends is not HTTP`,
    advice: 'check the port: something else listens there',
  }),
  'no-token': ({ host }) => ({
    cause: `the token server ${host} answers without a token`,
    advice: 'this is for whoever runs the registry to mend',
  }),
  'content-encoding': ({ host }) => ({
    cause: `${host} sent an answer that is compressed, and not in the way that it says`,
    advice: 'look for a proxy or cache in between that compresses',
  }),
  listing: ({ repository, host }) => ({
    cause: `the list of tags of ${repository} that ${host} sends is broken or goes round in circles`,
    advice:
      'name the tags one by one instead of importing the whole repository, and tell whoever runs the registry',
  }),
  'invalid-response': ({ host }) => ({
    cause: `${host} sent an answer that is none of a registry, or only a part of one`,
    advice: 'look for a proxy in between, and at what the registry really sends',
  }),
} satisfies Partial<Record<RegistryFault, Text>>;

const networkTexts = {
  'rate-limited': ({ error, host }) => ({
    cause: `${host} allows no more requests for now${error.retryAfterMs === undefined ? '' : `, and asks to wait ${seconds(error.retryAfterMs)}`}`,
    advice:
      'wait: nothing more is sent there before that; a login, a longer refresh interval or a mirror makes it rarer',
  }),
  paused: ({ error, host }) => ({
    cause: `${host} asked for a pause, which lasts ${seconds(error.retryAfterMs ?? 0)} more, so the request was not sent`,
    advice:
      'wait: it is tried again afterwards; a login, a longer refresh interval or a mirror makes it rarer',
  }),
  'server-error': ({ error, host }) => ({
    cause: `${host} is there and fails: it answered ${error.status ?? 'with an error of its own'}`,
    advice: 'wait, it is tried again; if it lasts, this is for whoever runs the registry to mend',
  }),
  'connection-refused': ({ host }) => ({
    cause: `nothing listens at ${host}, or a firewall rejects the connection`,
    advice: 'check host and port, and that the registry runs',
  }),
  'connection-broken': ({ host }) => ({
    cause: `${host}, or something on the way, broke the connection off before the answer was whole`,
    advice: 'it is tried again; if it lasts, look at the log of the registry and at proxies and firewalls',
  }),
  'host-unknown': ({ host }) => ({
    cause: `the name ${host} does not exist in DNS`,
    advice: 'check the spelling of the host, and whether this machine can resolve it',
  }),
  'name-service': ({ host }) => ({
    cause: `the name service of this machine does not answer for ${host}`,
    advice: 'check DNS here; it is tried again',
  }),
  'host-unreachable': ({ host }) => ({
    cause: `there is no way from here to ${host}`,
    advice: 'check network, routes and whether a proxy is needed (HTTPS_PROXY)',
  }),
  proxy: ({ error }) => ({
    cause: `the HTTP proxy lets nothing through (${error.message})`,
    advice: 'check HTTPS_PROXY and its login, or add the host to NO_PROXY',
  }),
  tls: ({ host }) => ({
    cause: `${host} and this program find no common way to speak TLS`,
    advice: 'let the registry speak TLS 1.2 or newer',
  }),
  unavailable: ({ host, error }) => ({
    cause: `${host} cannot be reached (${error.message})`,
    advice: 'check that the registry runs; it is tried again',
  }),
  'connect-timeout': ({ host }) => ({
    cause: `${host} takes no connection: packets get no answer, or it says nothing when TLS is begun`,
    advice: 'check firewall and routes, and that a registry listens there; it is tried again',
  }),
  'answer-stalled': ({ host }) => ({
    cause: `${host} took the request and stopped answering`,
    advice: 'it is tried again; if it lasts, look at the load of the registry',
  }),
  'answer-slow': ({ host }) => ({
    cause: `${host} answers too slowly to be waited for`,
    advice: 'it is tried again; if it lasts, look at the load of the registry and the line in between',
  }),
  timeout: ({ host }) => ({
    cause: `${host} gave up on the request, or did not answer in time`,
    advice: 'it is tried again; if it lasts, look at the load of the registry',
  }),
} satisfies Partial<Record<RegistryFault, Text>>;

/** How a user lets a registry be asked without its certificate being looked at, or by plain http. */
const insecureWay =
  'importPolicy.insecure of the tag (--insecure), or the annotation openshift.io/image.insecureRepository=true of the stream for a whole repository';

const trustTexts = {
  'certificate-expired': ({ host }) => ({
    cause: `the certificate of ${host} has expired`,
    advice: 'have the certificate renewed; check the clock of this machine too',
  }),
  'certificate-early': ({ host }) => ({
    cause: `the certificate of ${host} is not valid yet`,
    advice: 'check the clock of this machine, and the certificate',
  }),
  'certificate-authority': ({ host }) => ({
    cause: `the certificate of ${host} is signed by an authority that is not known here`,
    advice: `put the certificate of the authority into certs.d/${host}/ca.crt (--certs-dir), or allow it: ${insecureWay}`,
  }),
  'certificate-host': ({ host }) => ({
    cause: `the certificate of ${host} is for another host`,
    advice: 'use the name that the certificate is for, or have it issued for this one',
  }),
  'client-certificate': ({ host }) => ({
    cause: `${host} wants a client certificate, or another one than it was shown`,
    advice: `put certificate and key into certs.d/${host}/client.cert and client.key (--certs-dir)`,
  }),
  'certificate-files': ({ error }) => ({
    cause: `the certificates that are set up here cannot be used (${error.message})`,
    advice: 'mend the files that the message names',
  }),
  certificate: ({ host }) => ({
    cause: `the certificate of ${host} does not verify`,
    advice: `have the certificate mended, or allow it: ${insecureWay}`,
  }),
  'http-not-https': ({ host }) => ({
    cause: `${host} speaks plain http, not https`,
    advice: `let it speak TLS, or allow http: ${insecureWay}`,
  }),
  'redirect-loop': ({ host }) => ({
    cause: `${host} redirects again and again`,
    advice: 'this is for whoever runs the registry to mend',
  }),
  'redirect-downgrade': ({ host }) => ({
    cause: `${host} redirects from https to http, where anybody could read along`,
    advice: 'let the registry, or the proxy in front of it, write its own addresses with https',
  }),
  'redirect-token': ({ host }) => ({
    cause: `the token server ${host} redirects, which is never followed: credentials would go to a place of its choice`,
    advice: 'let the registry name the final address of its token server',
  }),
  redirect: ({ host }) => ({
    cause: `${host} redirects to something that cannot be followed`,
    advice: 'this is for whoever runs the registry to mend',
  }),
  realm: ({ error, registry }) => ({
    cause: `${registry} sends us to a token server that is not trusted with its credentials (${error.message})`,
    advice:
      'if that server belongs to the registry, name its host with --trusted-realm (at a terminal: IMAGESTREAMS_TRUSTED_REALM)',
  }),
  address: ({ host, error }) => ({
    cause: `${host} leads to an address that is never asked, or not in this setting (${error.message})`,
    advice:
      'use a registry with another address; one on this machine is refused only with --deny-loopback-registries',
  }),
  'foreign-link': ({ host, error }) => ({
    cause: `the list of tags that ${host} sends goes on at another host, which is not followed (${error.message})`,
    advice: 'let the registry, or the proxy in front of it, write its own host into links',
  }),
  'registry-blocked': ({ error }) => ({
    cause: `this program is set up not to ask for it (${error.message})`,
    advice: 'see --allow-registry, --block-registry and the files of --registries-config',
  }),
  blocked: ({ error }) => ({
    cause: `this program is set up not to ask for it (${error.message})`,
    advice: 'see the settings about registries',
  }),
} satisfies Partial<Record<RegistryFault, Text>>;

/** What a diagnosis says of each fault: where it comes from, and what to do. */
export const texts: Readonly<Record<RegistryFault, Text>> = {
  ...loginTexts,
  ...contentTexts,
  ...networkTexts,
  ...trustTexts,
};
