const onWorkloads = {
  get: 'finds out who set the image of a container back',
  list: 'finds workloads with image triggers',
  watch: 'looks at workloads as they change',
  patch: 'gives a container the image that its tag has now, and records it',
};
const onBuilds = {
  list: 'finds what has triggers',
  watch: 'looks at it as it changes',
  patch: 'records in an annotation which revisions were built',
};

/** Why the controller may do what the roles of deploy/ let it, by `resource.group` and verb. A role that says more or less fails a test. */
export const controllerPermissions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'imagestreams.image.openshift.io': {
    get: 'reads the newest stream again after a conflict, and the streams that tags point at',
    list: 'fills the cache that everything works on',
    watch: 'hears of streams as they change',
    create: 'an ImageStreamImport into a stream that is not there makes it',
    update: 'an ImageStreamImport with import: true adds its tags to the spec; nothing else writes spec',
  },
  'imagestreams/status.image.openshift.io': {
    update: 'records histories and conditions',
  },
  'imagestreamimports.image.openshift.io': {
    get: 'reads what it is about to delete: the server does not answer with it',
    list: 'finds requests that have not run',
    watch: 'runs requests as they come',
    delete: 'removes finished requests after --import-request-ttl',
  },
  'imagestreamimports/status.image.openshift.io': {
    update: 'tells how a request went',
  },
  'images.image.openshift.io': {
    get: 'finds out whether an image that is stored already is about to be pruned',
    list: 'finds images that nobody refers to any more',
    watch: 'sees which images are marked for pruning, and since when',
    create: 'stores what was imported, by digest',
    update: 'marks images that nobody refers to any more, and takes the mark away',
    delete: 'prunes images that nobody refers to any more',
  },
  'apiservices.apiregistration.k8s.io': {
    get: 'tells who serves image streams in a cluster that is none to work on',
  },
  'imagestreamgrants.imagestreams.dev': {
    list: 'knows which namespaces may refer to which streams',
    watch: 'resolves references as soon as they are granted',
  },
  'changecursors.imagestreams.dev': {
    get: 'reads how far a sink has been told',
    list: 'finds deleted streams whose end was not told yet',
    watch: 'sees what a replica before it has told',
    create: 'begins to tell of a stream',
    update: 'moves on after each event',
    delete: 'forgets a stream whose end was told',
  },
  secrets: {
    list: 'reads the pull secrets of a namespace, by field selector',
    watch: 'tries again at once what failed for lack of a secret that came',
  },
  configmaps: {
    list: 'finds out, of the one name imagestreams-pause, whether an operator has paused everything',
    watch: 'stops and goes on as soon as that changes',
  },
  'deployments.apps': onWorkloads,
  'statefulsets.apps': onWorkloads,
  'daemonsets.apps': onWorkloads,
  'cronjobs.batch': onWorkloads,
  'builds.shipwright.io': onBuilds,
  'buildruns.shipwright.io': { create: 'starts a build when a tag moves' },
  'pipelines.tekton.dev': onBuilds,
  'pipelineruns.tekton.dev': { create: 'starts a pipeline when a tag moves' },
  'events.events.k8s.io': {
    create: 'tells of imported, moved and failed tags, and of triggers',
  },
  'leases.coordination.k8s.io': {
    get: 'sees who leads',
    create: 'is the first to lead',
    update: 'takes the lead, keeps it and gives it up',
  },
};
