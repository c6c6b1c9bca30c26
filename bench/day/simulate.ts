/**
 * `npm run bench:day`: counts the upstream calls of a day, and judges its answers, in a minute: all of it in this process, by a simulated
 * clock, without a network. CPU, and what a server does in front of a gateway, are not measured.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { parseArgs } from 'node:util';
import type { DayResult } from './day.ts';
import type { Screens } from './screens.ts';
import { installSimulatedClock } from './simulated-clock.ts';
import type { DayProviders } from './upstream.ts';

const clock = installSimulatedClock();
const { Client } = await import('undici');
const { createGateway } = await import('../../src/gateway/create-gateway.ts');
const { createScreensBy } = await import('./graph-screens.ts');
const { Judge } = await import('./judge.ts');
const { spendDay } = await import('./people.ts');
const { writeDayReport } = await import('./report.ts');
const { createRestClient, withCache } = await import('./rest-client.ts');
const { createRestScreens } = await import('./rest-screens.ts');
const { createDayProviders } = await import('./upstream.ts');
const { createDayWorld } = await import('./world.ts');

const seed = 20_261_201;
const latencyMs = 150;
const cacheMs = 5_000;
const rates: Readonly<Record<string, number | undefined>> = { unlimited: undefined, limited: 10 };
/** Nothing listens there. */
const origin = 'http://127.0.0.1:9';

type Counts = Record<string, number>;
const countIn = (counts: Counts, name: string) => {
  counts[name] = (counts[name] ?? 0) + 1;
};

/** What the day of one contender is made of. */
let providers: DayProviders;
/** How often the log has a line, and an answer has an error. */
let lines: Counts = {};
/** How many calls of each kind were made for which screen. */
let calls: Record<string, Counts> = {};
const screen = new AsyncLocalStorage<string>();

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '12' },
    only: { type: 'string', default: 'rest,bff,ours' },
    rates: { type: 'string', default: Object.keys(rates).join() },
    explain: { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
answerWithoutNetwork();
const results: DayResult[] = [];
for (const rate of values.rates.split(','))
  for (const name of values.only.split(',')) {
    results.push(await simulateDay(name, rates[rate]));
    if (!values.explain) continue;
    console.error(`${name}, ${rate}`);
    console.table(calls);
    console.table(lines);
  }
console.log(writeDayReport(results, minutes));
process.exit();

async function simulateDay(contender: string, callsPerSecond: number | undefined): Promise<DayResult> {
  const world = createDayWorld(seed, minutes * 60_000);
  providers = createDayProviders({ world, latencyMs, callsPerSecond });
  [calls, lines] = [{}, {}];
  const screens = nameScreens(createScreens(contender));
  const judge = new Judge(world);
  await clock.run(spendDay({ world, screens, judge, now: providers.now }, seed));
  const { DATAFOLD, OLOSTEP } = providers.calls;
  const counted = { calls: DATAFOLD + OLOSTEP, refused: providers.refused(), cpuSeconds: undefined };
  return { ...judge.verdict, contender, callsPerSecond, ...counted };
}

function createScreens(contender: string): Screens {
  if (contender === 'rest') return createRestScreens(createRestClient(origin));
  if (contender === 'bff') return createRestScreens(withCache(createRestClient(origin), cacheMs));
  if (contender === 'ours') return createOurScreens();
  throw new Error('--only: expected some of rest, bff, ours');
}

function createOurScreens(): Screens {
  const provider = { apiKey: 'key', baseUrl: origin };
  const note = (about: object, message: string) => {
    const { provider: name, code, reason } = about as Readonly<Record<string, string>>;
    countIn(lines, [message, name, code, reason].filter(Boolean).join(' '));
  };
  const gateway = createGateway({
    providers: { DATAFOLD: provider, OLOSTEP: provider },
    log: { info() {}, warn: note, error: note },
  });
  return createScreensBy(async (body) => {
    const headers = { 'content-type': 'application/json' };
    const response = await gateway.fetch(new Request(`${origin}/graphql`, { method: 'POST', headers, body }));
    const answer = (await response.json()) as { errors?: readonly { extensions?: { code?: string } }[] };
    for (const { extensions } of answer.errors ?? []) countIn(lines, `answered ${extensions?.code}`);
    return answer;
  });
}

/** Has each call know for which screen it is made. */
function nameScreens(screens: Screens): Screens {
  return {
    dashboard: () => screen.run('dashboard', screens.dashboard),
    run: (key) => screen.run('run', () => screens.run(key)),
    log: (key) => screen.run('log', () => screens.log(key)),
    report: (windowMs) => screen.run('report', () => screens.report(windowMs)),
  };
}

/** Has the providers of this process answer what undici would send. */
function answerWithoutNetwork(): void {
  Client.prototype.dispatch = ({ path }, handler) => {
    let isAborted = false;
    const controller = {
      ...{ aborted: false, paused: false, reason: null, rawHeaders: [], rawTrailers: [], pause() {}, resume() {} },
      abort(reason: Error) {
        if (!isAborted) queueMicrotask(() => handler.onResponseError?.(controller, reason));
        isAborted = true;
      },
    };
    const kind = toKind(path);
    calls[kind] ??= {};
    countIn(calls[kind], screen.getStore() ?? '');
    handler.onRequestStart?.(controller, {});
    void providers.answer(path).then(([status, body, more]) => {
      if (isAborted) return;
      const content = Buffer.from(JSON.stringify(body));
      const headers = { 'content-type': 'application/json', 'content-length': `${content.length}`, ...more };
      handler.onResponseStart?.(controller, status, headers, '');
      handler.onResponseData?.(controller, content);
      handler.onResponseEnd?.(controller, {});
    });
    return true;
  };
}

/** The path of a call without the ids in it. */
function toKind(path: string): string {
  return path.replace(/(?<=monitors\/)\w+/, '…').replace(/(?<=runs\/|cursor=)\w+/, '…');
}
