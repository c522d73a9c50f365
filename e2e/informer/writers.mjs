// Writers, for e2e/informer_test.sh: each creates, patches, replaces and deletes objects of its own of
// every kind, and adds to a counter that all share, until SIGTERM. A server that is away is waited
// for. What they were promised goes to a file; a promise that was not kept is an error.
//
//   node writers.mjs KUBECONFIG NAME WRITERS FILE
import { writeFileSync } from 'node:fs';
import { ApiException, PatchStrategy, VersionApi } from '@kubernetes/client-node';
import { Clients, KINDS, NAMESPACE, pause } from './kinds.mjs';

const OWN = 4; // objects of each kind
const COLORS = ['blue', 'green'];
const [kubeconfig, name, writers, file] = process.argv.slice(2);
const { config, objects } = new Clients(kubeconfig);
const version = config.makeApiClient(VersionApi);
const added = { acknowledged: 0, uncertain: 0 };
const promised = [];
let writes = 0;
let stopping = false;
process.on('SIGTERM', () => { stopping = true; });

async function serverAnswers() {
  for (;;) {
    try {
      return await version.getCode();
    } catch {
      await pause(100);
    }
  }
}

// The answer, or the code of a refusal. `uncertain`: an earlier try may have been carried out.
async function attempt(call) {
  for (let uncertain = false; ;) {
    try {
      const object = await call();
      writes += 1;
      return { object, uncertain };
    } catch (error) {
      if (error instanceof ApiException && error.code < 500 && error.code !== 429) {
        return { code: error.code, uncertain, error };
      }
      uncertain ||= error.code !== 429;
      await serverAnswers();
    }
  }
}

const fail = (what, object, answer) => {
  throw new Error(`${what} ${object.kind} ${object.metadata.name}: ${answer.error.message}`);
};

// One object of a writer's own. Nobody else deletes it, and nobody else writes its labels.
class Own {
  #step = 0;
  #births = 0;
  #absent = true;

  constructor(kind, base) {
    this.kind = kind;
    this.base = base;
    this.object = this.#fresh();
  }

  #fresh() {
    const own = this.kind.finalized ? `${this.base}-${this.#births}` : this.base;
    this.#births += 1;
    return this.kind.make({ name: own, namespace: NAMESPACE, labels: { color: 'blue' } });
  }

  async next() {
    this.#step += 1;
    if (this.#absent) return this.#create();
    if (this.#step % 12 === 0) return this.#delete();
    return this.#step % 3 === 0 ? this.#replace() : this.#patch();
  }

  async #read() {
    const answer = await attempt(() => objects.read(this.object));
    if (!answer.object) fail('read', this.object, answer);
    this.object = answer.object;
  }

  async #create() {
    const answer = await attempt(() => objects.create(this.object));
    this.#absent = false;
    if (answer.object) this.object = answer.object;
    else if (answer.code === 409 && answer.uncertain) await this.#read();
    else fail('create', this.object, answer);
  }

  async #patch() {
    const { apiVersion, kind, metadata } = this.object;
    const body = {
      apiVersion,
      kind,
      metadata: {
        name: metadata.name, namespace: NAMESPACE, labels: { color: COLORS[this.#step % 2] },
      },
    };
    const answer = await attempt(
      () => objects.patch(body, undefined, undefined, name, undefined, PatchStrategy.MergePatch));
    if (!answer.object) fail('patch', this.object, answer);
    this.object = answer.object;
  }

  // Conflicts are the controllers' doing, who write status, or of a try that was carried out.
  async #replace() {
    await this.#read();
    this.object.metadata.annotations = { step: `${this.#step}` };
    const answer = await attempt(() => objects.replace(this.object));
    if (answer.object) this.object = answer.object;
    else if (answer.code === 409) await this.#read();
    else fail('replace', this.object, answer);
  }

  async #delete() {
    const answer = await attempt(() => objects.delete(this.object));
    if (!answer.object && !(answer.code === 404 && answer.uncertain)) fail('delete', this.object, answer);
    if (this.kind.finalized) promised.push(this.#promise(null));
    this.#absent = true;
    this.object = this.#fresh();
  }

  #promise(at) {
    return { id: this.kind.id, key: `${NAMESPACE}/${this.object.metadata.name}`, version: at };
  }

  promise() {
    return this.#promise(this.#absent ? null : this.object.metadata.resourceVersion);
  }
}

// Read, add one, replace: lost updates would show in the sum.
async function count() {
  const counter = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'counter', namespace: NAMESPACE } };
  const { object } = await attempt(() => objects.read(counter));
  object.data.sum = `${Number(object.data.sum) + 1}`;
  const answer = await attempt(() => objects.replace(object));
  if (answer.object) added.acknowledged += 1;
  else if (answer.code !== 409) fail('replace', object, answer);
  if (answer.uncertain) added.uncertain += 1;
}

async function write(writer) {
  const own = KINDS.flatMap((kind) => Array.from({ length: OWN },
    (_, i) => new Own(kind, `${name}-${writer}-${i}`)));
  for (let i = 0; !stopping; i += 1) {
    await own[i % own.length].next();
    if (i % 8 === 0) await count();
  }
  promised.push(...own.map((o) => o.promise()));
}

await Promise.all(Array.from({ length: Number(writers) }, (_, i) => write(i)));
writeFileSync(file, JSON.stringify({ objects: promised, added }));
console.log(`${name}: ${writes} writes`);
