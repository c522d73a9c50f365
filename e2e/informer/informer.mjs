// Informers of the official client over INFORMERS, for e2e/informer_test.sh: follows until told to
// quit, and judges what it is shown. A command a line on stdin, an answer a line on stdout; one that
// begins with "error:" means no.
//
//   synced                every informer has its watch
//   seen N                N more events have come since the last `seen`
//   settled               each cache equals a list made now: names, versions, content
//   acknowledged FILE...  what writers.mjs was promised is in the caches
//   expired               how often a watch was told 410: at its start, in the stream
//   lists                 how many lists each informer made
//   drop, resume          leave the watches; start again from what is known
//   history               nothing ever went back
//   quit
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { isDeepStrictEqual } from 'node:util';
import { Watch, makeInformer } from '@kubernetes/client-node';
import { Clients, INFORMERS, pause } from './kinds.mjs';

const LIMIT_MS = 60000;
const problems = [];
let events = 0;

const keyOf = (object) => `${object.metadata.namespace}/${object.metadata.name}`;
const versionOf = (object) => BigInt(object.metadata.resourceVersion);

class Follower {
  open = 0;
  lists = 0;
  expired = { start: 0, stream: 0 };
  #dropped = false;
  #seen = new Map(); // key: the newest version shown
  #newest = 0n; // of all events and lists

  constructor(clients, what) {
    this.id = what.id;
    this.list = () => what.list(clients);
    this.informer = makeInformer(clients.config, what.path, () => this.#list(), what.labelSelector);
    this.informer.on('add', (object) => this.#show('add', object));
    this.informer.on('update', (object) => this.#show('update', object));
    this.informer.on('delete', (object) => this.#show('delete', object));
    // As the client's documentation advises.
    this.informer.on('error', () => {
      if (!this.#dropped) setTimeout(() => this.informer.start(), 100);
    });
  }

  async #list() {
    const list = await this.list();
    this.lists += 1;
    this.#advance('list', BigInt(list.metadata.resourceVersion), true);
    return list;
  }

  // An event of a watch, before the informer has it.
  streamed(object) {
    this.#advance('event', versionOf(object), false);
  }

  #advance(what, version, may_stay) {
    if (version < this.#newest || (version === this.#newest && !may_stay)) {
      problems.push(`${this.id}: ${what} of ${version} after ${this.#newest}`);
    }
    this.#newest = version;
  }

  #show(what, object) {
    events += 1;
    const key = keyOf(object);
    const version = versionOf(object);
    const before = this.#seen.get(key) ?? 0n;
    // A list shows by absence that an object is gone: its last known version is handed out again.
    if (version < before || (version === before && what !== 'delete')) {
      problems.push(`${this.id}: ${what} of ${key} at ${version} after ${before}`);
    }
    this.#seen.set(key, version);
  }

  async drop() {
    await until(() => this.open === 1, () => `${this.id} has no watch`);
    this.#dropped = true;
    await this.informer.stop();
    await until(() => this.open === 0, () => `${this.id} still has a watch`);
  }

  start() {
    this.#dropped = false;
    return this.informer.start();
  }

  // What differs between the cache and a list made now; empty: nothing.
  async difference() {
    const listed = new Map((await this.list()).items.map((object) => [keyOf(object), object]));
    const cached = new Map(this.informer.list().map((object) => [keyOf(object), object]));
    for (const [key, object] of listed) {
      const known = cached.get(key);
      if (!known) return `${this.id}: ${key} is not in the cache`;
      if (versionOf(known) !== versionOf(object)) {
        return `${this.id}: ${key} is at ${versionOf(object)}, in the cache at ${versionOf(known)}`;
      }
      for (const part of ['data', 'spec', 'status']) {
        if (!isDeepStrictEqual(known[part], object[part])) {
          return `${this.id}: ${key} has another ${part} in the cache`;
        }
      }
    }
    const stale = [...cached.keys()].find((key) => !listed.has(key));
    return stale ? `${this.id}: ${stale} is in the cache alone` : '';
  }
}

async function until(condition, otherwise) {
  const end = Date.now() + LIMIT_MS;
  while (!await condition()) {
    if (Date.now() > end) throw new Error(otherwise());
    await pause(50);
  }
}

const clients = new Clients(process.argv[2]);
const followers = INFORMERS.map((what) => new Follower(clients, what));
const byPath = new Map(INFORMERS.map((what, i) => [what.path, followers[i]]));

// Sees what passes between the client's watch and its informer, and changes none of it.
const watch = Watch.prototype.watch;
Watch.prototype.watch = async function observed(path, params, callback, done) {
  const follower = byPath.get(path);
  let opened = false;
  let ended = false;
  const request = await watch.call(this, path, params, (type, object, raw) => {
    if (type !== 'ERROR') follower.streamed(object);
    else if (object.code === 410 && object.reason === 'Expired') follower.expired.stream += 1;
    else problems.push(`${follower.id}: ${JSON.stringify(object)}`);
    return callback(type, object, raw);
  }, (error) => {
    ended = true;
    if (opened) follower.open -= 1;
    if (error?.statusCode === 410) follower.expired.start += 1;
    return done(error);
  });
  opened = !ended;
  if (opened) follower.open += 1;
  return request;
};

function unkept(file) {
  const promised = JSON.parse(readFileSync(file, 'utf8'));
  for (const { id, key, version } of promised.objects) {
    const [namespace, name] = key.split('/');
    const known = followers.find((f) => f.id === id).informer.get(name, namespace);
    if (version === null && known) return `${id} ${key} was deleted and is there`;
    if (version !== null && !known) return `${id} ${key} was written at ${version} and is not there`;
    if (version !== null && versionOf(known) < BigInt(version)) {
      return `${id} ${key} was written at ${version} and is at ${versionOf(known)}`;
    }
  }
  return '';
}

const COMMANDS = {
  async synced() {
    await until(() => followers.every((f) => f.open === 1), () => 'not every informer has a watch');
  },
  async seen(count) {
    await until(() => events >= Number(count), () => `only ${events} events`);
    events = 0;
  },
  async settled() {
    for (const follower of followers) {
      let difference = '';
      await until(async () => {
        difference = await follower.difference();
        return difference === '';
      }, () => difference);
    }
    return followers.map((f) => `${f.id}=${f.informer.list().length}`).join(' ');
  },
  async acknowledged(...files) {
    for (const file of files) await until(() => unkept(file) === '', () => unkept(file));
  },
  expired: () => followers.map((f) => `${f.id}=${f.expired.start},${f.expired.stream}`).join(' '),
  lists: () => followers.map((f) => `${f.id}=${f.lists}`).join(' '),
  async drop() {
    for (const follower of followers) await follower.drop();
  },
  async resume() {
    for (const follower of followers) await follower.start();
  },
  history() {
    if (problems.length > 0) throw new Error(`${problems.length}: ${problems.slice(0, 5).join('; ')}`);
  },
  quit: () => process.exit(0),
};

for (const follower of followers) follower.start();
for await (const line of createInterface(process.stdin)) {
  const [command, ...words] = line.split(' ');
  try {
    console.log(await COMMANDS[command](...words) ?? 'ok');
  } catch (error) {
    console.log(`error: ${error.message.replaceAll('\n', ' ')}`);
  }
}
process.exit(0);
