"""The official Python client as its documentation shows it, for e2e/python_test.sh.

Prints "ok<TAB>what" or "FAILED<TAB>what<TAB>why", a line each. `clients.py KUBECONFIG` makes typed,
custom and dynamic calls; `clients.py KUBECONFIG expired REVISION` tries a revision that is gone.
"""
import datetime
import json
import sys
import threading
import urllib3

from kubernetes import client, config, dynamic, utils, watch
from kubernetes.client.rest import ApiException
from kubernetes.dynamic.exceptions import ConflictError, NotFoundError, UnprocessibleEntityError
from kubernetes.leaderelection import electionconfig, leaderelection
from kubernetes.leaderelection.resourcelock.configmaplock import ConfigMapLock

urllib3.disable_warnings()
config.load_kube_config(sys.argv[1])  # for what takes no client
api = config.new_client_from_config(sys.argv[1])
core = client.CoreV1Api(api)
custom = client.CustomObjectsApi(api)
NAMESPACE = 'python'
CRON = dict(group='stable.example.com', version='v1', namespace=NAMESPACE, plural='crontabs')


def refused(code, reason, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except ApiException as error:
        assert error.status == code, error
        assert f'"reason":"{reason}"' in str(error.body), error.body
        return error
    raise AssertionError('was not refused')


def cron(name, **spec):
    return {'apiVersion': 'stable.example.com/v1', 'kind': 'CronTab',
            'metadata': {'name': name, 'namespace': NAMESPACE}, 'spec': spec}


def names(items):
    return [item.metadata.name for item in items]


def version_and_groups():
    assert client.VersionApi(api).get_code().git_version.startswith('v1.')
    groups = client.ApisApi(api).get_api_versions().groups
    assert all(group.preferred_version.version for group in groups)
    assert 'v1' in client.CoreApi(api).get_api_versions().versions
    resources = client.ApiextensionsV1Api(api).get_api_resources().resources
    assert 'customresourcedefinitions' in [resource.name for resource in resources]


def reviews():
    body = client.V1SelfSubjectAccessReview(spec=client.V1SelfSubjectAccessReviewSpec(
        resource_attributes=client.V1ResourceAttributes(verb='list', resource='configmaps')))
    review = client.AuthorizationV1Api(api).create_self_subject_access_review(body)
    assert review.status.allowed


def namespaces():
    made = core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=NAMESPACE)))
    assert made.status.phase == 'Active'
    assert isinstance(made.metadata.creation_timestamp, datetime.datetime)


def config_maps():
    body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name='a', labels={'x': 'y'}), data={'k': 'v'})
    made = core.create_namespaced_config_map(NAMESPACE, body)
    refused(409, 'AlreadyExists', core.create_namespaced_config_map, NAMESPACE, body)
    stale = core.read_namespaced_config_map('a', NAMESPACE)
    made.data['k'] = 'w'
    replaced = core.replace_namespaced_config_map('a', NAMESPACE, made)
    assert int(replaced.metadata.resource_version) > int(stale.metadata.resource_version)
    refused(409, 'Conflict', core.replace_namespaced_config_map, 'a', NAMESPACE, stale)
    refused(404, 'NotFound', core.read_namespaced_config_map, 'none', NAMESPACE)
    # Its patches of built-in kinds are strategic.
    patched = core.patch_namespaced_config_map('a', NAMESPACE, {'data': {'z': '1'}})
    assert patched.data == {'k': 'w', 'z': '1'}, patched.data
    patched = core.patch_namespaced_config_map('a', NAMESPACE, [{'op': 'remove', 'path': '/data/z'}])
    assert patched.data == {'k': 'w'}, patched.data


def dry_run():
    body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name='dry'))
    core.create_namespaced_config_map(NAMESPACE, body, dry_run='All')
    refused(404, 'NotFound', core.read_namespaced_config_map, 'dry', NAMESPACE)
    core.delete_namespaced_config_map('a', NAMESPACE, dry_run='All')
    assert core.read_namespaced_config_map('a', NAMESPACE)


def secrets():
    body = client.V1Secret(metadata=client.V1ObjectMeta(name='s'), string_data={'p': 'hidden'})
    assert core.create_namespaced_secret(NAMESPACE, body).data == {'p': 'aGlkZGVu'}


def pages():
    for i in range(7):
        core.create_namespaced_config_map(NAMESPACE, client.V1ConfigMap(
            metadata=client.V1ObjectMeta(name=f'page{i}', labels={'of': 'pages'})))
    seen, token = [], None
    while True:
        page = core.list_namespaced_config_map(NAMESPACE, label_selector='of=pages', limit=3, _continue=token)
        seen += names(page.items)
        token = page.metadata._continue
        if not token:
            break
    assert seen == [f'page{i}' for i in range(7)], seen
    deleted = core.delete_collection_namespaced_config_map(NAMESPACE, label_selector='of=pages')
    assert deleted is not None
    assert not core.list_namespaced_config_map(NAMESPACE, label_selector='of=pages').items


def events_of_a_watch():
    revision = core.list_namespaced_config_map(NAMESPACE).metadata.resource_version

    def write():
        core.create_namespaced_config_map(NAMESPACE, client.V1ConfigMap(
            metadata=client.V1ObjectMeta(name='watched')))
        core.patch_namespaced_config_map('watched', NAMESPACE, {'data': {'a': 'b'}})
        core.delete_namespaced_config_map('watched', NAMESPACE)
    writer = threading.Thread(target=write)
    writer.start()
    seen = []
    stream = watch.Watch()
    for event in stream.stream(core.list_namespaced_config_map, NAMESPACE, resource_version=revision,
                               field_selector='metadata.name=watched', timeout_seconds=30):
        seen.append(event['type'])
        assert isinstance(event['object'], client.V1ConfigMap)
        if event['type'] == 'DELETED':
            stream.stop()
    writer.join()
    assert seen == ['ADDED', 'MODIFIED', 'DELETED'], seen


def custom_objects():
    custom.create_namespaced_custom_object(body=cron('c', cronSpec='* * * * *'), **CRON)
    one = dict(CRON, name='c')
    got = custom.get_namespaced_custom_object(**one)
    assert got['spec'] == {'cronSpec': '* * * * *', 'replicas': 1}, got
    custom.patch_namespaced_custom_object(body={'spec': {'image': 'i'}}, **one)
    status = custom.patch_namespaced_custom_object_status(
        body={'status': {'replicas': 1}, 'spec': {'image': 'ignored'}}, **one)
    assert status['spec']['image'] == 'i' and status['status']['replicas'] == 1, status
    scale = custom.get_namespaced_custom_object_scale(**one)
    assert scale['kind'] == 'Scale' and scale['spec']['replicas'] == 1, scale
    custom.patch_namespaced_custom_object_scale(body={'spec': {'replicas': 4}}, **one)
    assert custom.get_namespaced_custom_object(**one)['spec']['replicas'] == 4
    error = refused(422, 'Invalid', custom.create_namespaced_custom_object,
                    body=cron('bad', cronSpec='never', replicas=99), **CRON)
    assert '"field":"spec.cronSpec"' in error.body and '"field":"spec.replicas"' in error.body
    assert custom.delete_namespaced_custom_object(**one)['status'] == 'Success'


def dynamic_client():
    dyn = dynamic.DynamicClient(api)
    crons = dyn.resources.get(api_version='stable.example.com/v1', kind='CronTab')
    assert crons.namespaced and 'watch' in crons.verbs and crons.short_names == ['ctab']
    made = crons.create(body=cron('d', cronSpec='* * * * *'))
    assert made.metadata.uid
    patched = crons.patch(name='d', namespace=NAMESPACE, body={'spec': {'image': 'x'}},
                          content_type='application/merge-patch+json')
    assert patched.spec.image == 'x'
    assert crons.status.patch(name='d', namespace=NAMESPACE, body={'status': {'replicas': 2}},
                              content_type='application/merge-patch+json').status.replicas == 2
    stale = made.to_dict()
    try:
        crons.replace(body=stale)
        raise AssertionError('a stale object was taken')
    except ConflictError:
        pass
    for event in crons.watch(namespace=NAMESPACE, timeout=1):
        assert event['type'] == 'ADDED' and event['object'].metadata.name == 'd'
    try:
        crons.patch(name='d', namespace=NAMESPACE, body={'spec': {'replicas': 99}},
                    content_type='application/merge-patch+json')
        raise AssertionError('a bad count was taken')
    except UnprocessibleEntityError:
        pass
    crons.delete(name='d', namespace=NAMESPACE)
    try:
        crons.get(name='d', namespace=NAMESPACE)
        raise AssertionError('it is still there')
    except NotFoundError:
        pass


def server_side_apply():
    dyn = dynamic.DynamicClient(api)
    crons = dyn.resources.get(api_version='stable.example.com/v1', kind='CronTab')

    def apply(manager, force=False, **spec):
        return dyn.request('patch', crons.path(name='applied', namespace=NAMESPACE),
                           body=json.dumps(cron('applied', **spec)),
                           content_type='application/apply-patch+yaml',
                           query_params=[('fieldManager', manager), ('force', str(force).lower())])
    apply('one', cronSpec='* * * * *', image='a')
    error = refused(409, 'Conflict', apply, 'two', cronSpec='* * * * *', image='b')
    assert 'FieldManagerConflict' in str(error.body)
    assert apply('two', True, cronSpec='* * * * *', image='b').spec.image == 'b'


def manifests():
    utils.create_from_dict(api, {'apiVersion': 'v1', 'kind': 'List', 'items': [
        {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'one', 'namespace': NAMESPACE}},
        {'apiVersion': 'v1', 'kind': 'Secret', 'metadata': {'name': 'two', 'namespace': NAMESPACE}}]})
    assert core.read_namespaced_secret('two', NAMESPACE)


def leader_election():
    led = []
    election = leaderelection.LeaderElection(electionconfig.Config(
        ConfigMapLock('lock', NAMESPACE, 'me'), lease_duration=3, renew_deadline=2, retry_period=1,
        onstarted_leading=lambda: led.append(1), onstopped_leading=lambda: None))
    assert election.acquire()
    election.election_config.onstarted_leading()
    held = core.read_namespaced_config_map('lock', NAMESPACE)
    assert 'control-plane.alpha.kubernetes.io/leader' in held.metadata.annotations and led


def leases():
    now = datetime.datetime.now(datetime.timezone.utc)
    leases_api = client.CoordinationV1Api(api)
    body = client.V1Lease(metadata=client.V1ObjectMeta(name='l'), spec=client.V1LeaseSpec(
        holder_identity='me', lease_duration_seconds=15, renew_time=now))
    made = leases_api.create_namespaced_lease(NAMESPACE, body)
    assert made.spec.renew_time == now, made.spec.renew_time


def namespace_goes():
    core.delete_namespace(NAMESPACE)
    stream = watch.Watch()
    for event in stream.stream(core.list_namespace, timeout_seconds=60,
                               field_selector=f'metadata.name={NAMESPACE}'):
        if event['type'] == 'DELETED':
            return stream.stop()
    refused(404, 'NotFound', core.read_namespace, NAMESPACE)


def expired():
    gone = sys.argv[3]
    refused(410, 'Expired', core.list_namespace, resource_version=gone, resource_version_match='Exact')
    refused(410, 'Expired', next, watch.Watch().stream(core.list_namespace, resource_version=gone))
    revision = core.list_namespace().metadata.resource_version
    assert list(watch.Watch().stream(core.list_namespace, resource_version=revision, timeout_seconds=1)) == []


TESTS = [version_and_groups, reviews, namespaces, config_maps, dry_run, secrets, pages,
         events_of_a_watch, custom_objects, dynamic_client, server_side_apply, manifests,
         leader_election, leases, namespace_goes]
for test in TESTS if len(sys.argv) < 3 else [expired]:
    what = test.__name__.replace('_', ' ')
    try:
        test()
        print(f'ok\t{what}', flush=True)
    except Exception as error:  # whatever goes wrong fails this test alone
        text = f'{type(error).__name__}: {error}'.replace('\n', ' ')
        print(f'FAILED\t{what}\t{text}', flush=True)
