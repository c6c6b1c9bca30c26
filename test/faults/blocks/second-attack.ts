/**
 * Hostile tenants and hostile providers at once, beside a tenant whose answers stay right: each idea of the tables of `attack/`, then
 * generated ones, over the fast path and the slow path. After each wave the process lives, its memory is bounded, no key is in any
 * output, and nothing stays taken. `ATTACK_INPUTS` says how many inputs are generated, `ATTACK_SEED` which. With fewer than 300 it
 * is the short form, which tries an eighth of the ideas.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { createDice, type Dice } from '../attack/dice.ts';
import { type HostileReply, largeReply, mutate, replyIdeas } from '../attack/hostile-replies.ts';
import {
  keys,
  type Manner,
  manners,
  mutateOperation,
  type Operation,
  operations,
  slowKey,
  toManyRuns,
  toRunOperation,
  wireForms,
} from '../attack/hostile-requests.ts';
import { holdsKey } from '../attack/key-notations.ts';
import { range, runConcurrently } from '../concurrency.ts';
import { percentile } from '../load.ts';
import { type RunningService, startService } from '../service.ts';
import type { Tally } from '../tally.ts';
import { reply } from '../upstream/fault-server.ts';
import { forwarding } from '../upstream/forwarding.ts';
import { residentOf } from '../upstream/memory.ts';
import { watchNoise } from '../upstream/patience.ts';
import { datafold, olostep, type Subject, subjects, toRun } from '../upstream/subjects.ts';

const inputs = Number(process.env.ATTACK_INPUTS ?? 60);
const seed = Number(process.env.ATTACK_SEED ?? 1);
const isLong = inputs >= 10_000;
/** Every so many ideas are tried: in the short form others for each seed. */
const stride = inputs < 300 ? 8 : 1;
const isVerbose = process.env.ATTACK_VERBOSE === 'true';
/** What docs/deployment.md has a container give to the process, in MiB: of several attacks at once. */
const maxResidentMiB = 768;
/** The victim's slowest answer, in milliseconds: far from the deadline of an operation, on a machine that is busy. */
const maxVictimMs = 8_000;
/** How long an operation may take, in milliseconds. */
const operationMs = 4_000;
/** So long this process may be held up, in milliseconds, for an answer of the victim to count: its provider is a part of it. */
const maxHeldUpMs = 500;
const concurrency = 24;
const victimKey = 'victim-key-9f8e7d6c5b4a';
/** Runs from here on wait at the provider until as many calls have come as there are places. */
const firstTogether = 9_000_000;
/** Runs from here on are large. */
const firstLarge = 9_500_000;
const places = 32;

/** Another for each input: the circuit breaker of a key hides no other input from its provider. */
const toAttackerKey = (n: number) => `attacker-key-${n}-0123456789`;

interface Provider {
  readonly baseUrl: string;
  /** Of the attackers' next calls that are not of a run. */
  nextIdea: number;
  /** Whether replies are mutated. */
  isMutating: boolean;
  close(): void;
}

async function startProvider(subject: Subject, dice: Dice): Promise<Provider> {
  const sockets = new Set<Socket>();
  const together: (() => void)[] = [];
  const large = Buffer.from(
    JSON.stringify({
      ...subject.toBody(0),
      run_id: undefined,
      snapshot: { page: 'x'.repeat(7_000_000) },
      error: 'x'.repeat(7_000_000),
    }),
  );

  const answerVictim = (socket: Socket, run: number) => {
    const answer = () =>
      reply(socket, {
        body: JSON.stringify({
          ...subject.toBody(run),
          error: `for the victim ${run}`,
          log_group: `for the victim ${run}`,
        }),
      });
    if (run >= firstLarge) reply(socket, { body: large });
    else if (run < firstTogether) answer();
    else if (together.push(answer) === places) for (const each of together.splice(0)) each();
  };
  const answerAttacker = (socket: Socket, path: string, key: string) => {
    const run = toRun(path);
    const [, idea] = replyIdeas[
      (Number.isNaN(run) ? provider.nextIdea++ : run) % replyIdeas.length
    ] as (typeof replyIdeas)[number];
    const made = idea({ path, key });
    void send(socket, provider.isMutating ? mutate(made, dice) : made);
  };

  const server = createServer((socket) => {
    sockets.add(socket.setNoDelay());
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end);
        text = text.slice(end + 4);
        const path = /^\S+ (\S+)/.exec(head)?.[1] ?? '';
        const key = /^authorization: *\S+ (.*)$/im.exec(head)?.[1] ?? '';
        if (key.startsWith('victim')) answerVictim(socket, toRun(path));
        else answerAttacker(socket, path, key);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const provider: Provider = {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    nextIdea: 0,
    isMutating: false,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  return provider;
}

async function send(socket: Socket, { bytes, finish }: HostileReply): Promise<void> {
  if (finish === 'drip') {
    for (const byte of bytes) {
      if (socket.destroyed) return;
      socket.write(Buffer.of(byte));
      await setTimeout(1);
    }
    return;
  }
  socket.write(bytes);
  if (finish === 'end') socket.end();
  else if (finish === 'reset') socket.resetAndDestroy();
}

/** What an attacker's connection has received, until the response is whole, the connection is closed or the time is up. */
function strike(port: number, bytes: Buffer, manner: Manner, ms: number): Promise<string> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  const chunks: Buffer[] = [];
  let length = 0;
  return new Promise((resolve) => {
    const timer = globalThis.setTimeout(() => socket.destroy(), manner === 'leaves at once' ? 1 : ms);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks).toString());
    });
    if (manner === 'does not read') socket.pause();
    else
      socket.on('data', (chunk) => {
        chunks.push(chunk);
        length += chunk.length;
        if (manner === 'waits' && isWhole(chunks, length)) socket.destroy();
      });
    if (manner === 'sends half') socket.write(bytes.subarray(0, bytes.length / 2));
    else if (manner === 'pipelines') socket.write(Buffer.concat(Array(20).fill(bytes)));
    else if (manner === 'sends rubbish behind it')
      socket.write(Buffer.concat([bytes, Buffer.from('\0rubbish\r\n\r\n')]));
    else socket.write(bytes);
    if (manner === 'ends its side') socket.end();
  });
}

function isWhole(chunks: readonly Buffer[], length: number): boolean {
  const [first, last] = [chunks[0], chunks.at(-1)];
  if (first === undefined || last === undefined) return false;
  const headEnd = first.indexOf('\r\n\r\n');
  const announced = /^content-length: (\d+)/im.exec(first.toString('latin1', 0, 2_000))?.[1];
  if (announced !== undefined) return length >= headEnd + 4 + Number(announced);
  return last.subarray(-5).toString() === '0\r\n\r\n';
}

export async function run(tally: Tally): Promise<void> {
  const dice = createDice(seed);
  const providers = await Promise.all(subjects.map((subject) => startProvider(subject, dice)));
  const service = await startService({
    ...forwarding,
    DATAFOLD_BASE_URL: providers[0]?.baseUrl ?? '',
    OLOSTEP_BASE_URL: providers[1]?.baseUrl ?? '',
    COALESCE_CALLS: 'true',
    RUN_CACHE: 'true',
    INTROSPECTION: 'true',
    // Stalled providers are to cost the block no minutes, and a busy machine is not on trial.
    UPSTREAM_ATTEMPT_TIMEOUT_MS: '1500',
    OPERATION_TIMEOUT_MS: String(operationMs),
    MAX_EVENT_LOOP_LAG_MS: '60000',
    QUEUE_TIMEOUT_MS: '5000',
    MAX_QUEUED_OPERATIONS: '1000',
  });
  const attack = new Attack(tally, service);
  let isOver = false;
  const victim = attack.watchVictim(() => isOver);

  const rounds = isLong ? 2 : 1;
  // Each idea meets both providers, on different paths; in the long form on both.
  await attack.wave('replies over the fast path', rounds * replyIdeas.length, (n) => ({
    operation: toRunOperation(n % replyIdeas.length, (n + Number(n >= replyIdeas.length)) % 2 === 0),
    form: 0,
    key: toAttackerKey(n),
    manner: 'waits',
  }));
  await attack.wave('replies over the slow path', rounds * replyIdeas.length, (n) => ({
    operation: toRunOperation(n % replyIdeas.length, (n + Number(n >= replyIdeas.length)) % 2 === 1),
    form: 1 + (n % 2),
    key: toAttackerKey(n),
    manner: 'waits',
  }));
  await attack.wave('operations', rounds * operations.length, (n) => ({
    operation: operations[n % operations.length] as Operation,
    form: n % wireForms.length,
    key: (keys[n % keys.length] as (n: number) => string)(n),
    manner: 'waits',
  }));
  const large = replyIdeas.findIndex(([name]) => name === largeReply);
  await attack.wave('large replies', stride === 1 ? 30 : 16, (n) => ({
    operation: toRunOperation(large + replyIdeas.length * n, n % 2 === 0),
    form: n % 4,
    key: n % 5 === 0 ? slowKey(n) : toAttackerKey(n % 7),
    manner: dice.of(manners),
  }));
  await attack.wave('many calls', stride === 1 ? rounds * 30 : 4, (n) => ({
    operation: toManyRuns(dice.below(replyIdeas.length) + 100 * replyIdeas.length * n, replyIdeas.length),
    form: n % 4,
    key: toAttackerKey(n % 2),
    manner: dice.of(manners),
  }));
  for (const provider of providers) provider.isMutating = true;
  await attack.wave('generated inputs', inputs, (n) => ({
    operation: mutateOperation(
      dice.below(2) === 0 ? toRunOperation(dice.below(1_000_000), dice.below(2) === 0) : dice.of(operations),
      dice,
    ),
    form: dice.below(wireForms.length),
    key: dice.below(2) === 0 ? toAttackerKey(n) : dice.of(keys)(n),
    manner: dice.of(manners),
  }));
  isOver = true;
  await victim;
  // A connection with many pipelined requests is not read: that its client has left shows once its operation is over.
  await setTimeout(operationMs);
  await attack.checkNothingTaken();
  tally.measured(attack.summary());
  const code = await service.stop();
  tally.check('it ends in order', code === 0, code);
  for (const provider of providers) provider.close();
}

/** As many letters of the keys as no operation has. */
const keysInLog = /(?:attacker|invented|victim)-key-\w|z{18}|a{140}|(?:ab){40}/;
const bugsInLog = /unexpected error|INTERNAL_SERVER_ERROR|Warning|at file:/;

interface Input {
  readonly operation: Operation;
  /** Which of the wire forms. */
  readonly form: number;
  readonly key: string;
  readonly manner: Manner;
}

class Attack {
  readonly #tally: Tally;
  readonly #service: RunningService;
  readonly #victimMs: number[] = [];
  readonly #wrong: string[] = [];
  #struck = 0;
  #peak = 0;
  #outputRead = 0;

  constructor(tally: Tally, service: RunningService) {
    this.#tally = tally;
    this.#service = service;
  }

  async wave(name: string, count: number, toInput: (n: number) => Input): Promise<void> {
    const service = this.#service;
    const started = performance.now();
    const leaks: string[] = [];
    const bugs: string[] = [];
    const codes = new Map<string, number>();
    const tried = range(0, count).filter((n) => count < replyIdeas.length || n % stride === seed % stride);
    await runConcurrently(concurrency, tried, async (n) => {
      const { operation, form, key, manner } = toInput(n);
      const lines = subjects.map(({ header }) => `${header}: ${key}\r\n`).join('');
      const wireForm = wireForms[form] as (typeof wireForms)[number];
      const text = await strike(
        service.port,
        wireForm.toBytes(operation, lines),
        manner,
        manner === 'waits' ? 3 * operationMs : 300,
      );
      this.#struck++;
      const about = `${n} ${wireForm.name} ${manner} ${JSON.stringify(operation).slice(0, 300)}`;
      if (key.length >= 16 && holdsKey(text, key)) leaks.push(about);
      if (text.includes('INTERNAL_SERVER_ERROR')) bugs.push(`${about}: ${text.slice(0, 500)}`);
      if (text.includes('for the victim')) leaks.push(`${about}: data of the victim`);
      if (text === '' && manner === 'waits') bugs.push(`${about}: no response`);
      const code = /"code":"(\w+)"/.exec(text)?.[1] ?? (text.slice(0, 12) || 'nothing');
      codes.set(code, (codes.get(code) ?? 0) + 1);
      this.#peak = Math.max(this.#peak, residentOf(service.pid));
    });
    const tally = this.#tally;
    tally.check(`${name}: no key and nothing of the victim's in any response`, leaks.length === 0, leaks.slice(0, 5));
    tally.check(`${name}: a response to all, and no bug`, bugs.length === 0, bugs.slice(0, 5));
    this.#checkOutput(name);
    tally.check(`${name}: memory is bounded`, this.#peak < maxResidentMiB, `${Math.round(this.#peak)} MiB`);
    const ready = await fetch(new URL('/ready', service.url)).catch(() => undefined);
    tally.check(`${name}: it is ready`, ready?.status === 200, ready?.status);
    tally.check(`${name}: the victim's answers are right`, this.#wrong.length === 0, this.#wrong.slice(0, 3));
    if (isVerbose)
      console.log(
        name,
        count,
        `${Math.round(performance.now() - started)} ms`,
        Object.fromEntries(codes),
        `peak ${Math.round(this.#peak)} MiB, victim max ${Math.round(Math.max(...this.#victimMs))} ms`,
      );
  }

  #checkOutput(name: string): void {
    const output = this.#service.output();
    const fresh = output.slice(this.#outputRead);
    this.#outputRead = output.length;
    const key = keysInLog.exec(fresh);
    this.#tally.check(`${name}: no key in the log`, key === null, key && fresh.slice(key.index - 300, key.index + 60));
    const bug = bugsInLog.exec(fresh);
    this.#tally.check(`${name}: no bug in the log`, bug === null, bug && fresh.slice(bug.index - 300, bug.index + 300));
  }

  /** Requests runs of both providers in turn over both paths, until the end. */
  async watchVictim(isOver: () => boolean): Promise<void> {
    for (let n = 0; !isOver(); n++) {
      const noiseMs = watchNoise();
      const started = performance.now();
      const text = await this.#requestAsVictim(n).catch((error: unknown) => String(error));
      // The providers and the attackers are in this process, too: what holds it up is not the service's doing.
      const heldUpMs = noiseMs();
      this.#victimMs.push(Math.max(performance.now() - started - heldUpMs, 0));
      if (heldUpMs > maxHeldUpMs) continue;
      if (!isRight(text, n)) this.#wrong.push(`${n}: ${text.slice(0, 300)}`);
      await setTimeout(10);
    }
    const slowest = Math.max(...this.#victimMs);
    this.#tally.check('the victim is answered in time', slowest < maxVictimMs, `${Math.round(slowest)} ms`);
  }

  async #requestAsVictim(n: number, key = victimKey): Promise<string> {
    const query = `query ($a: MonitorRunKey!, $b: MonitorRunKey!) {
      a: monitorRun(key: $a) { id ... on DatafoldRun { runId error } }
      b: monitorRun(key: $b) { id ... on OlostepRun { runId logGroup } }
    }`;
    const variables = { a: datafold.toKey(n), b: olostep.toKey(n) };
    const headers = { [datafold.header]: key, [olostep.header]: key, 'content-type': 'application/json' };
    if (n % 2 === 0) {
      const response = await fetch(this.#service.url, {
        method: 'POST',
        headers,
        body: JSON.stringify({ query, variables }),
      });
      return response.text();
    }
    const url = new URL(this.#service.url);
    url.searchParams.set('query', query);
    url.searchParams.set('variables', JSON.stringify(variables));
    return (await fetch(url, { headers })).text();
  }

  /** As many calls as there are places are made at once, large responses are read and sent, and a load of requests is answered. */
  async checkNothingTaken(): Promise<void> {
    const tally = this.#tally;
    const together = await Promise.all(
      range(0, places).map((n) => this.#requestAsVictim(firstTogether + n, `victim-key-${n % 4}-of-four`)),
    );
    const apart = together.filter((text, n) => !isRight(text, firstTogether + n));
    tally.check('as many calls are made at once as usual', apart.length === 0, apart.slice(0, 2));
    const lost: string[] = [];
    await runConcurrently(40, range(0, 1_000 / stride), async (n) => {
      const text = await this.#requestAsVictim(n).catch(String);
      if (!isRight(text, n)) lost.push(text.slice(0, 300));
    });
    tally.check('a load of good requests is answered', lost.length === 0, lost.slice(0, 3));
    const query =
      'query ($a: MonitorRunKey!) { a: monitorRun(key: $a) { ... on OlostepRun { snapshot s: snapshot } } }';
    for (const round of range(0, 3)) {
      const large = await Promise.all(
        range(0, 2).map((n) =>
          this.#service.execute(
            query,
            { a: olostep.toKey(firstLarge + 10 * round + n) },
            { [olostep.header]: victimKey },
          ),
        ),
      );
      const short = large.filter(({ text }) => text.length < 14_000_000);
      tally.check(
        'large responses find room',
        short.length === 0,
        short.map(({ text }) => text.slice(0, 200)),
      );
    }
  }

  summary(): string {
    const rounded = [0.5, 0.99, 1].map((share) => Math.round(percentile(this.#victimMs, share))).join('/');
    return `${this.#struck} inputs; RSS at most ${Math.round(this.#peak)} MiB; ${this.#victimMs.length} victim's answers, in ${rounded} ms (median/p99/max)`;
  }
}

const isRight = (text: string, run: number): boolean =>
  text.includes(`"runId":"${run}","error":"for the victim ${run}"`) &&
  text.includes(`"runId":"run_${run}","logGroup":"for the victim ${run}"`) &&
  !text.includes('"errors"');
