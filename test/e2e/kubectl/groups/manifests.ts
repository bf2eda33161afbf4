/** Why a message differs. */
export const clearer = 'says in plain words what the original says in those of its language';
/** Why streams are treated as other kinds than custom resources. */
export const builtIn = 'image streams are a built-in kind here, as in OpenShift, and no custom resource';

/** The ConfigMap `settings`. */
export const configMap = (data: string): string => `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  labels: {app: web}
data: ${data}
`;

/** The stream `web`, with a tag that nobody imports. */
export const stream = (image: string): string => `apiVersion: image.openshift.io/v1
kind: ImageStream
metadata:
  name: web
  labels: {app: web}
spec:
  tags:
  - name: v1
    reference: true
    from: {kind: DockerImage, name: "${image}"}
`;
