/** Example's sandbox: its responses, and three watches of invented pages. */
import { type CreateSandbox, countRuns, createDice, hour, minute, type Timetable, toBeginning } from '../sandbox.ts';
import type { components } from './openapi.d.ts';

type Schemas = components['schemas'];

const apiKey = 'sandbox-example-key';
const anyPath = /^\/api\/watches(?:\/([^/]+)(?:(\/history)(?:\/([^/]+))?)?)?$/;

interface Page extends Timetable {
  readonly id: string;
  readonly title: string;
}

const pages: readonly Page[] = [
  { id: 'bakery', title: 'Bread of the day', history: 25, every: hour, live: { from: minute, every: 2 * minute } },
  { id: 'ferry', title: 'Timetable of the ferry', history: 7, every: 6 * hour, live: { from: 0, every: 5 * minute } },
  { id: 'museum', title: 'Opening hours', history: 3, every: 24 * hour },
];

/** Makes the stand-in. */
export const createSandbox: CreateSandbox = ({ now, seed }) => {
  const origin = now();
  const checksOf = (page: Page): (Schemas['Check'] & { readonly at: number })[] =>
    Array.from({ length: countRuns(page, now() - origin) }, (_, place) => {
      const at = Math.floor((origin + toBeginning(page, place + 1)) / 1_000);
      const dice = createDice(seed, 'example', page.id, place);
      const error = dice.between(1, 9) === 1 ? 'The page took too long.' : null;
      const changed = error === null && dice.between(1, 3) === 1;
      return { id: String(at), watch: page.id, at, changed, error, diff: changed ? `+ ${dice.word(8)}` : null };
    });
  const toWatch = (page: Page): Schemas['Watch'] => ({
    id: page.id,
    title: page.title,
    url: `https://${page.id}.example`,
    paused: page.live === undefined,
    created: Math.floor((origin + toBeginning(page, 1)) / 1_000) - 600,
    last_checked: checksOf(page).at(-1)?.at ?? null,
    note: `Watched for ${page.title}.`,
  });
  const find = (path: string): object | undefined => {
    const [, watchId, history, checkId] = anyPath.exec(path) ?? [];
    if (watchId === undefined)
      return { watches: pages.map(toWatch).map(({ note: _note, ...row }) => row) } satisfies Schemas['WatchList'];
    const page = pages.find(({ id }) => id === watchId);
    if (page === undefined || history === undefined) return page && toWatch(page);
    if (checkId !== undefined) return checksOf(page).find(({ id }) => id === checkId);
    return { checks: checksOf(page).map(({ diff: _diff, ...row }) => row) } satisfies Schemas['CheckList'];
  };
  return {
    apiKey,
    answer({ path, header }) {
      if (header('x-api-key') !== apiKey) return { status: 403, body: { message: 'Forbidden' } };
      const body = anyPath.test(path) ? find(path) : undefined;
      return body === undefined ? { status: 404, body: { message: 'Not found' } } : { status: 200, body };
    },
  };
};
