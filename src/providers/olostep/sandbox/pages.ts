/** The pages of Olostep's sandbox, as its monitors read them: what they say changes from run to run. */
import { createDice } from '../../sandbox/dice.ts';

/** What a run finds. What a snapshot holds isn't documented; this is the content of a free-form object. */
export type Page = (seed: number, run: number) => Readonly<Record<string, unknown>>;

/** Each price holds for four runs, and not all change together. */
export const espressoPrices: Page = (seed, run) => ({
  currency: 'EUR',
  products: [
    { name: 'Lever One', price: 649 },
    { name: 'Lever Two', price: 899 },
    { name: 'Milk jug, 350 ml', price: 19.9 },
    { name: 'Grinder Mini', price: 129 },
  ].map(({ name, price }, place) => {
    const reduction = createDice(seed, name, Math.floor((run + place) / 4)).pick([0, 0, 0, 5, 10, 15]);
    return { name, price: ((price * (100 - reduction)) / 100).toFixed(2), reduction_percent: reduction };
  }),
});

/** Openings come in at the top and leave at the bottom. */
export const jobBoard: Page = (_seed, run) => ({
  openings: [0, 1, 2, 3].map((place) => {
    const number = Math.floor(run / 2) + 4 - place;
    return { number, title: titles[number % titles.length], location: number % 3 === 0 ? 'Lisbon' : 'remote' };
  }),
});

const titles = ['Data engineer', 'Analytics engineer', 'Warehouse keeper', 'Pipeline plumber', 'Schema gardener'];

export const paymentStatus: Page = (seed, run) => {
  const dice = createDice(seed, 'payment status', run);
  const components = ['Card payments', 'Payouts', 'Webhooks', 'Dashboard'].map((name) => ({
    name,
    status: dice.pick(['operational', 'operational', 'operational', 'operational', 'operational', 'degraded']),
  }));
  const all = components.every(({ status }) => status === 'operational');
  return { headline: all ? 'All systems operational' : 'Some systems are degraded', components };
};

/** A release every third run. */
export const changelog: Page = (seed, run) => ({
  releases: [0, 1, 2].map((age) => {
    const number = 10 + Math.floor(run / 3) - age;
    const change = createDice(seed, 'changelog', number).pick([
      'Fewer allocations while parsing.',
      'Fixed a leap-second bug nobody had noticed.',
      'The flag --verbose is now verbose.',
      'Dropped support for what had stopped working long ago.',
    ]);
    return { version: `4.${number}.0`, change };
  }),
});

export const breadOfTheDay: Page = (seed, run) => {
  const dice = createDice(seed, 'bread', run);
  return {
    bread: dice.pick(['Rye sourdough', 'Walnut batard', 'Potato loaf', 'Seeded spelt']),
    price: dice.pick(['4.20', '4.80', '5.50']),
    sold_out: dice.between(1, 4) === 1,
  };
};

export const ferryTimetable: Page = (seed, run) => ({
  departures: ['06:40', '09:15', '13:30', '18:05'].map((time) => {
    const delayed = createDice(seed, 'ferry', time, run).between(1, 5) === 1;
    return { time, notice: delayed ? 'Delayed by fog' : null };
  }),
});
