// The kinds that the test floods and follows, and how to reach them.
import {
  CoreV1Api, CustomObjectsApi, KubeConfig, KubernetesObjectApi,
} from '@kubernetes/client-node';

export const NAMESPACE = 'flood';
const GROUPED = [
  { id: 'crontabs', group: 'stable.example.com', kind: 'CronTab', spec: { cronSpec: '0 3 * * *' } },
  {
    id: 'applications',
    group: 'gantry.dev',
    kind: 'Application',
    spec: { compose: 'services: {web: {image: gantry/sample-web:1.0}}' },
  },
];
// Controllers write these, for the applications. KubernetesObjectApi is not for Gantry's kinds that
// are named like one of the core group: it takes a Service of any v1 for that.
const DERIVED = [{ id: 'services', group: 'gantry.dev' }];

export class Clients {
  constructor(kubeconfig) {
    this.config = new KubeConfig();
    this.config.loadFromFile(kubeconfig);
    this.core = this.config.makeApiClient(CoreV1Api);
    this.custom = this.config.makeApiClient(CustomObjectsApi);
    this.objects = KubernetesObjectApi.makeApiClient(this.config);
  }
}

// What writers write: `make` gives a new object. Objects of `finalized` kinds stay for a while when
// they are deleted, so that their names cannot be taken again at once.
export const KINDS = [
  {
    id: 'configmaps',
    finalized: false,
    make: (metadata) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { from: 'flood' } }),
  },
  ...GROUPED.map(({ id, group, kind, spec }) => ({
    id,
    finalized: group === 'gantry.dev',
    make: (metadata) => ({ apiVersion: `${group}/v1`, kind, metadata, spec }),
  })),
];

// What informers follow: `list` asks for the same as a watch of `path`.
export const INFORMERS = [
  {
    id: 'configmaps',
    path: `/api/v1/namespaces/${NAMESPACE}/configmaps`,
    list: (clients) => clients.core.listNamespacedConfigMap({ namespace: NAMESPACE }),
  },
  {
    // Objects enter and leave it as their label changes.
    id: 'blue',
    path: '/api/v1/configmaps',
    labelSelector: 'color=blue',
    list: (clients) => clients.core.listConfigMapForAllNamespaces({ labelSelector: 'color=blue' }),
  },
  ...[...GROUPED, ...DERIVED].map(({ id, group }) => ({
    id,
    path: `/apis/${group}/v1/namespaces/${NAMESPACE}/${id}`,
    list: (clients) => clients.custom.listNamespacedCustomObject(
      { group, version: 'v1', namespace: NAMESPACE, plural: id }),
  })),
];

export const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });
