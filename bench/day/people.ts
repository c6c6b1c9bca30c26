/** Who looks at what during the day, and when: the same for each contender. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Judge, Span } from './judge.ts';
import type { Screens } from './screens.ts';
import { createDice, type DayWorld, isOver, type Run, reportMs } from './world.ts';

const dashboards = 20;
const dashboardMs = 30_000;
const waiters = 60;
const waitMs = 2_000;
const logReaders = 5;
const logMs = 20_000;

export interface Day {
  readonly world: DayWorld;
  readonly screens: Screens;
  readonly judge: Judge;
  /** The milliseconds since the day began. */
  readonly now: () => number;
}

/** Resolves when the day is over and the last wait has ended. */
export async function spendDay(day: Day, seed: number): Promise<void> {
  const dice = createDice(seed);
  const people = [
    ...Array.from({ length: dashboards }, () => watchDashboard(day, dice() * dashboardMs)),
    ...Array.from({ length: waiters }, (_, person) => waitForRuns(day, person, dice() * waitMs)),
    ...Array.from({ length: logReaders }, () => readLogs(day, dice() * logMs, createDice(dice() * 2 ** 31))),
    readReport(day),
  ];
  await Promise.all(people);
}

async function until({ now }: Day, time: number): Promise<void> {
  const leftMs = time - now();
  if (leftMs > 0) await sleep(leftMs);
}

/** What is shown, and when; `undefined` when it failed. */
async function look<Screen>(
  { now }: Day,
  screen: Promise<Screen>,
): Promise<{ readonly span: Span; readonly found: Screen | undefined }> {
  const requested = now();
  const found = await screen.catch(() => undefined);
  return { span: { requested, shown: now() }, found };
}

async function watchDashboard(day: Day, offset: number): Promise<void> {
  for (let time = offset; time < day.world.durationMs; time += dashboardMs) {
    await until(day, time);
    const { span, found } = await look(day, day.screens.dashboard());
    day.judge.dashboard(span, found);
    // A look that takes longer than to the next one skips that.
    while (time + dashboardMs < day.now()) time += dashboardMs;
  }
}

/** A person waits for a run of each deploy. */
async function waitForRuns(day: Day, person: number, offset: number): Promise<void> {
  for (const runs of day.world.deploys) {
    const run = runs[person % runs.length];
    if (run !== undefined) await waitForRun(day, run, offset);
  }
}

async function waitForRun(day: Day, run: Run, offset: number): Promise<void> {
  const { world, screens, judge, now } = day;
  let hasFailed = false;
  await until(day, run.start + 500 + offset);
  while (now() < world.durationMs) {
    const started = now();
    const isKnown = await screens.run(run).catch(() => undefined);
    if (isKnown === undefined) hasFailed = true;
    if (isKnown) return judge.wait(run, now(), hasFailed);
    await until(day, started + waitMs);
  }
  judge.wait(run, undefined, hasFailed);
}

/** A person opens the logs of runs of Olostep that are over. */
async function readLogs(day: Day, offset: number, dice: () => number): Promise<void> {
  const { world, screens, judge, now } = day;
  const monitors = world.monitors.filter(({ provider }) => provider === 'OLOSTEP');
  for (let time = offset; time < world.durationMs; time += logMs) {
    await until(day, time);
    const monitor = monitors[Math.floor(dice() * monitors.length)];
    const runs = monitor?.runs.filter((run) => isOver(run, now())).slice(-3) ?? [];
    const run = runs[Math.floor(dice() * runs.length)];
    if (run === undefined) continue;
    judge.log(await screens.log(run).catch(() => undefined));
  }
}

async function readReport(day: Day): Promise<void> {
  await until(day, day.world.reportAt);
  const { span, found } = await look(day, day.screens.report(reportMs));
  day.judge.report(span, found);
}
