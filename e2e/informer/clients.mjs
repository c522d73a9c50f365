// The official client's typed APIs, used as its documentation shows them, for e2e/informer_test.sh.
// Prints "ok<TAB>what" or "FAILED<TAB>what<TAB>why", a line each.
import assert from 'node:assert/strict';
import {
  ApiException, ApiextensionsV1Api, ApisApi, AuthenticationV1Api, AuthorizationV1Api,
  CoordinationV1Api, PatchStrategy, V1MicroTime, VersionApi, Watch, loadYaml, setHeaderOptions,
} from '@kubernetes/client-node';
import { Clients } from './kinds.mjs';

const { config, core, custom, objects } = new Clients(process.argv[2]);
const namespace = 'clients';
const CRON = { group: 'stable.example.com', version: 'v1', namespace, plural: 'crontabs' };
const as = (type) => setHeaderOptions('Content-Type', type);

async function test(what, run) {
  try {
    await run();
    console.log(`ok\t${what}`);
  } catch (error) {
    console.log(`FAILED\t${what}\t${error.message.replaceAll('\n', ' ')}`);
  }
}
// The promise must be refused with this code and reason.
const refused = (promise, code, reason) => assert.rejects(promise, (error) => {
  assert.ok(error instanceof ApiException, error.message);
  assert.equal(error.code, code);
  const status = typeof error.body === 'string' ? JSON.parse(error.body) : error.body;
  assert.equal(status.reason, reason);
  return true;
});
const cron = (name, spec) => (
  { apiVersion: 'stable.example.com/v1', kind: 'CronTab', metadata: { name, namespace }, spec });
const names = (list) => list.items.map((item) => item.metadata.name);

await test('VersionApi', async () => {
  assert.match((await config.makeApiClient(VersionApi).getCode()).gitVersion, /^v1\./);
});
await test('ApisApi: groups', async () => {
  const { groups } = await config.makeApiClient(ApisApi).getAPIVersions();
  assert.ok(groups.some((group) => group.name === 'gantry.dev' && group.preferredVersion.version === 'v1'));
});
await test('AuthenticationV1Api, AuthorizationV1Api: who and whether', async () => {
  const { status } = await config.makeApiClient(AuthenticationV1Api).createSelfSubjectReview({ body: {} });
  assert.ok(status.userInfo.groups.includes('system:masters'));
  const review = await config.makeApiClient(AuthorizationV1Api).createSelfSubjectAccessReview(
    { body: { spec: { resourceAttributes: { verb: 'list', resource: 'configmaps', namespace } } } });
  assert.equal(review.status.allowed, true);
});

await test('CoreV1Api: namespaces', async () => {
  const made = await core.createNamespace({ body: { metadata: { name: namespace } } });
  assert.ok(made.metadata.creationTimestamp instanceof Date);
  assert.ok(names(await core.listNamespace()).includes(namespace));
});
await test('CoreV1Api: create, read, replace', async () => {
  const body = { metadata: { name: 'a', labels: { color: 'blue' } }, data: { a: '1' } };
  await core.createNamespacedConfigMap({ namespace, body });
  const read = await core.readNamespacedConfigMap({ namespace, name: 'a' });
  assert.deepEqual(read.data, { a: '1' });
  const stale = structuredClone(read);
  read.data.b = '2';
  const replaced = await core.replaceNamespacedConfigMap({ namespace, name: 'a', body: read });
  assert.deepEqual(replaced.data, { a: '1', b: '2' });
  assert.ok(BigInt(replaced.metadata.resourceVersion) > BigInt(read.metadata.resourceVersion));
  await refused(core.replaceNamespacedConfigMap({ namespace, name: 'a', body: stale }), 409, 'Conflict');
  await refused(core.createNamespacedConfigMap({ namespace, body }), 409, 'AlreadyExists');
  await refused(core.readNamespacedConfigMap({ namespace, name: 'none' }), 404, 'NotFound');
});
await test('CoreV1Api: JSON, merge and strategic patch', async () => {
  const patch = (body, options) => core.patchNamespacedConfigMap({ namespace, name: 'a', body }, options);
  await patch([{ op: 'replace', path: '/data/a', value: '3' }]);
  await patch({ data: { b: null } }, as(PatchStrategy.MergePatch));
  const patched = await patch({ data: { c: '4' } }, as(PatchStrategy.StrategicMergePatch));
  assert.deepEqual(patched.data, { a: '3', c: '4' });
  await refused(patch([{ op: 'test', path: '/data/a', value: 'x' }]), 422, 'Invalid');
});
await test('CoreV1Api: dry run and strict validation', async () => {
  const body = { metadata: { name: 'dry' }, data: {} };
  await core.createNamespacedConfigMap({ namespace, body, dryRun: 'All' });
  await refused(core.readNamespacedConfigMap({ namespace, name: 'dry' }), 404, 'NotFound');
  await refused(custom.createNamespacedCustomObject(
    { ...CRON, body: cron('dry', { cronSpec: '0 3 * * *', nonsense: 1 }), fieldValidation: 'Strict' }),
  400, 'BadRequest');
});
await test('CoreV1Api: pages, selectors, deletecollection', async () => {
  for (const name of ['p1', 'p2', 'p3', 'p4', 'p5']) {
    const body = { metadata: { name, labels: { page: 'yes' } } };
    await core.createNamespacedConfigMap({ namespace, body });
  }
  const query = { namespace, labelSelector: 'page=yes', limit: 2 };
  const seen = [];
  for (let next; next !== '';) {
    const page = await core.listNamespacedConfigMap({ ...query, _continue: next });
    seen.push(...names(page));
    next = page.metadata._continue ?? '';
  }
  assert.deepEqual(seen, ['p1', 'p2', 'p3', 'p4', 'p5']);
  const one = await core.listNamespacedConfigMap({ namespace, fieldSelector: 'metadata.name=p3' });
  assert.deepEqual(names(one), ['p3']);
  await core.deleteCollectionNamespacedConfigMap({ namespace, labelSelector: 'page=yes' });
  assert.deepEqual(names(await core.listNamespacedConfigMap(query)), []);
});
await test('CoreV1Api: a Secret\'s data comes back', async () => {
  const data = { key: Buffer.from('value').toString('base64') };
  const body = { metadata: { name: 's' }, stringData: { text: 'plain' }, data };
  await core.createNamespacedSecret({ namespace, body });
  const read = await core.readNamespacedSecret({ namespace, name: 's' });
  assert.deepEqual(read.data, { ...data, text: Buffer.from('plain').toString('base64') });
});
await test('CoordinationV1Api: a Lease with microseconds', async () => {
  const leases = config.makeApiClient(CoordinationV1Api);
  const body = { metadata: { name: 'l' }, spec: { holderIdentity: 'me', renewTime: new V1MicroTime(0) } };
  await leases.createNamespacedLease({ namespace, body });
  const read = await leases.readNamespacedLease({ namespace, name: 'l' });
  assert.equal(new Date(read.spec.renewTime).getTime(), 0);
  await leases.replaceNamespacedLease({ namespace, name: 'l', body: read });
});
await test('CoreV1Api: delete answers what was deleted', async () => {
  const { metadata } = await core.readNamespacedConfigMap({ namespace, name: 'a' });
  const wrong = { preconditions: { uid: 'another' } };
  await refused(core.deleteNamespacedConfigMap({ namespace, name: 'a', body: wrong }), 409, 'Conflict');
  const status = await core.deleteNamespacedConfigMap({ namespace, name: 'a' });
  assert.equal(status.details.uid, metadata.uid);
  await refused(core.readNamespacedConfigMap({ namespace, name: 'a' }), 404, 'NotFound');
});

await test('ApiextensionsV1Api: a kind of one\'s own, usable at once', async () => {
  const definitions = config.makeApiClient(ApiextensionsV1Api);
  const schema = { openAPIV3Schema: { type: 'object', x_kubernetes_preserve_unknown_fields: true } };
  const body = {
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Cluster',
      names: { plural: 'widgets', kind: 'Widget' },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
  await definitions.createCustomResourceDefinition({ body });
  const widgets = { group: 'example.com', version: 'v1', plural: 'widgets' };
  const widget = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' }, size: 3 };
  await custom.createClusterCustomObject({ ...widgets, body: widget });
  assert.equal((await custom.getClusterCustomObject({ ...widgets, name: 'w' })).size, 3);
  await custom.deleteClusterCustomObject({ ...widgets, name: 'w' });
  const read = await definitions.readCustomResourceDefinition({ name: 'widgets.example.com' });
  assert.ok(read.status.conditions.some((c) => c.type === 'Established' && c.status === 'True'));
  await definitions.deleteCustomResourceDefinition({ name: 'widgets.example.com' });
});

await test('CustomObjectsApi: create, get, list, replace', async () => {
  const made = await custom.createNamespacedCustomObject({ ...CRON, body: cron('c', { cronSpec: '0 3 * * *' }) });
  assert.equal(made.spec.replicas, 1);
  const read = await custom.getNamespacedCustomObject({ ...CRON, name: 'c' });
  read.spec.image = 'backup:2';
  const replaced = await custom.replaceNamespacedCustomObject({ ...CRON, name: 'c', body: read });
  assert.equal(replaced.metadata.generation, 2);
  assert.deepEqual(names(await custom.listNamespacedCustomObject(CRON)), ['c']);
  const all = await custom.listCustomObjectForAllNamespaces(CRON);
  assert.ok(names(all).includes('c'));
  await refused(custom.replaceNamespacedCustomObject({ ...CRON, name: 'c', body: made }), 409, 'Conflict');
  await refused(custom.createNamespacedCustomObject({ ...CRON, body: cron('d', { cronSpec: 'never' }) }),
    422, 'Invalid');
});
await test('CustomObjectsApi: JSON and merge patch, no strategic one', async () => {
  const patch = (body, options) => custom.patchNamespacedCustomObject({ ...CRON, name: 'c', body }, options);
  await patch([{ op: 'replace', path: '/spec/image', value: 'backup:3' }], as(PatchStrategy.JsonPatch));
  const patched = await patch({ spec: { replicas: 2 } }, as(PatchStrategy.MergePatch));
  assert.deepEqual(patched.spec, { cronSpec: '0 3 * * *', image: 'backup:3', replicas: 2 });
  await refused(patch({ spec: { replicas: 3 } }, as(PatchStrategy.StrategicMergePatch)),
    415, 'UnsupportedMediaType');
});
await test('CustomObjectsApi: status and scale', async () => {
  const read = await custom.getNamespacedCustomObjectStatus({ ...CRON, name: 'c' });
  read.status = { replicas: 2 };
  await custom.replaceNamespacedCustomObjectStatus({ ...CRON, name: 'c', body: read });
  const scale = await custom.getNamespacedCustomObjectScale({ ...CRON, name: 'c' });
  assert.deepEqual([scale.spec.replicas, scale.status.replicas], [2, 2]);
  scale.spec.replicas = 5;
  await custom.replaceNamespacedCustomObjectScale({ ...CRON, name: 'c', body: scale });
  const after = await custom.getNamespacedCustomObject({ ...CRON, name: 'c' });
  assert.deepEqual([after.spec.replicas, after.status.replicas], [5, 2]);
});
await test('CustomObjectsApi: a kind of Gantry\'s own', async () => {
  const volumes = { group: 'gantry.dev', version: 'v1', namespace, plural: 'volumes' };
  const body = { apiVersion: 'gantry.dev/v1', kind: 'Volume', metadata: { name: 'v' }, spec: {} };
  const made = await custom.createNamespacedCustomObject({ ...volumes, body });
  assert.equal(made.spec.reclaimPolicy, 'Delete');
  for (let done = false; !done;) { // its controller writes, too
    const read = await custom.getNamespacedCustomObject({ ...volumes, name: 'v' });
    read.metadata.labels = { color: 'blue' };
    done = await custom.replaceNamespacedCustomObject({ ...volumes, name: 'v', body: read })
      .catch((error) => { if (error.code !== 409) throw error; });
  }
  await custom.patchNamespacedCustomObject(
    { ...volumes, name: 'v', body: { spec: { reclaimPolicy: 'Retain' } } }, as(PatchStrategy.MergePatch));
  const { items } = await custom.listNamespacedCustomObject({ ...volumes, labelSelector: 'color=blue' });
  assert.deepEqual(items.map((item) => item.spec.reclaimPolicy), ['Retain']);
  await custom.deleteNamespacedCustomObject({ ...volumes, name: 'v' });
});
await test('CustomObjectsApi: delete', async () => {
  const body = { propagationPolicy: 'Background' };
  const status = await custom.deleteNamespacedCustomObject({ ...CRON, name: 'c', body });
  assert.equal(status.status, 'Success');
  await refused(custom.getNamespacedCustomObject({ ...CRON, name: 'c' }), 404, 'NotFound');
});

// Reads and replaces until no controller wrote in between, as clients do.
async function relabelled(spec) {
  for (;;) {
    const read = await objects.read(spec);
    read.metadata.labels = { made: 'twice' };
    try {
      return await objects.replace(read);
    } catch (error) {
      if (!(error instanceof ApiException) || error.code !== 409) throw error;
    }
  }
}
await test('KubernetesObjectApi: create, read, list, replace, delete of any kind', async () => {
  const kinds = [
    loadYaml(`{apiVersion: v1, kind: ConfigMap, metadata: {name: k, namespace: ${namespace}}}`),
    cron('k', { cronSpec: '0 4 * * *' }),
    loadYaml(`{apiVersion: gantry.dev/v1, kind: Cluster, metadata: {name: k}, spec: {}}`),
  ];
  for (const spec of kinds) {
    await objects.create(spec);
    const replaced = await relabelled(spec);
    assert.deepEqual(replaced.metadata.labels, { made: 'twice' });
    const listed = await objects.list(spec.apiVersion, spec.kind, spec.metadata.namespace, undefined,
      undefined, undefined, undefined, 'made=twice');
    assert.deepEqual(names(listed), ['k']);
    await objects.delete(spec);
  }
});
await test('KubernetesObjectApi: merge patch, server-side apply, conflicts', async () => {
  const apply = (data, manager, force) => objects.patch(
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'ssa', namespace }, data },
    undefined, undefined, manager, force, PatchStrategy.ServerSideApply);
  await apply({ a: '1', b: '1' }, 'one');
  await refused(apply({ a: '2' }, 'two'), 409, 'Conflict');
  await apply({ a: '2' }, 'two', true);
  const applied = await apply({ b: '1' }, 'one');
  assert.deepEqual(applied.data, { a: '2', b: '1' });
  assert.deepEqual(applied.metadata.managedFields.map((entry) => entry.manager).sort(), ['one', 'two']);
  await core.deleteNamespacedConfigMap({ namespace, name: 'ssa' });
});

await test('Watch: bookmarks, and the server ends it in time', async () => {
  const types = [];
  const { metadata } = await core.listNamespacedConfigMap({ namespace });
  await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'w' } } });
  const params = {
    resourceVersion: metadata.resourceVersion, allowWatchBookmarks: true, timeoutSeconds: 2,
  };
  await new Promise((resolve, reject) => {
    new Watch(config).watch(`/api/v1/namespaces/${namespace}/configmaps`, params,
      (type) => types.push(type), (error) => (error ? reject(error) : resolve()));
  });
  assert.equal(types[0], 'ADDED');
  assert.ok(types.slice(1).every((type) => type === 'BOOKMARK') && types.length > 1, `${types}`);
});
await test('CoreV1Api: a deleted namespace goes with what is in it', async () => {
  await core.deleteNamespace({ name: namespace });
  const gone = (error) => error instanceof ApiException && error.code === 404;
  const end = Date.now() + 30000;
  for (;;) {
    try {
      await core.readNamespace({ name: namespace });
    } catch (error) {
      if (gone(error)) break;
      throw error;
    }
    assert.ok(Date.now() < end, 'the namespace is still there');
  }
  assert.deepEqual(names(await core.listNamespacedConfigMap({ namespace })), []);
});
