// Replaces large objects COUNT times, for e2e/informer_test.sh, so that the history that the server
// keeps for watches is soon over.
//
//   node fill.mjs KUBECONFIG COUNT
import { PatchStrategy } from '@kubernetes/client-node';
import { Clients, KINDS, NAMESPACE } from './kinds.mjs';

const SIZE = 900000;
const [kubeconfig, count] = process.argv.slice(2);
const { objects } = new Clients(kubeconfig);
const large = KINDS.find((kind) => kind.id === 'configmaps').make({ name: 'large', namespace: NAMESPACE });
for (let i = 0; i < Number(count); i += 1) {
  large.data.text = `${i}`.padEnd(SIZE, '.');
  await objects.patch(large, undefined, undefined, 'fill', true, PatchStrategy.ServerSideApply);
}
