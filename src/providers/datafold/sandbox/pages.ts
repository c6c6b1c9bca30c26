/** The lists of Datafold's sandbox: which part of them is requested. */
import { fromIsoText } from '../../date-time.ts';
import type { components } from '../openapi.d.ts';

type Schemas = components['schemas'];

/** The real greatest page isn't documented; one that is easily reached shows that it is the reply that counts. */
const maxPerPage = 50;

/** The part of the items that the query requests, with the numbers that go with it. */
export function toPage<Item>(items: readonly Item[], query: URLSearchParams, defaultSize: number) {
  const page = Number(query.get('page') ?? 1);
  const size = Math.min(Number(query.get('page_size') ?? defaultSize), maxPerPage);
  const numbers = { count: items.length, page, page_size: size, total_pages: Math.ceil(items.length / size) };
  return { numbers, items: items.slice((page - 1) * size, page * size) };
}

/** One for each parameter that isn't what is documented. */
export const toQueryProblems = (query: URLSearchParams): Schemas['ValidationError'][] =>
  [...query].flatMap(([name, text]) => {
    const problem = Object.hasOwn(checks, name) ? checks[name]?.(text) : undefined;
    return problem === undefined ? [] : [{ loc: ['query', name], ...problem }];
  });

type Problem = Omit<Schemas['ValidationError'], 'loc'>;

const toWholeProblem = (text: string): Problem | undefined => {
  if (!/^-?\d+$/.test(text))
    return { msg: 'Input should be a valid integer, unable to parse string as an integer', type: 'int_parsing' };
  if (Number(text) >= 1) return undefined;
  return { msg: 'Input should be greater than or equal to 1', type: 'greater_than_equal' };
};

const toTimeProblem = (text: string): Problem | undefined =>
  fromIsoText(text) === undefined
    ? { msg: 'Input should be a valid datetime', type: 'datetime_from_date_parsing' }
    : undefined;

const toWordProblem =
  (words: readonly string[]) =>
  (text: string): Problem | undefined =>
    words.includes(text) ? undefined : { msg: `Input should be one of ${words.join(', ')}`, type: 'enum' };

const checks: Readonly<Record<string, (text: string) => Problem | undefined>> = {
  page: toWholeProblem,
  page_size: toWholeProblem,
  start_time: toTimeProblem,
  end_time: toTimeProblem,
  order_by: toWordProblem(['id', 'name', 'last_triggered', 'last_run']),
  sort_order: toWordProblem(['asc', 'desc']),
};
