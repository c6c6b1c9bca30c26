/** The numbered pages of a Datafold monitor's runs, as the run feed reads them. */
import type { ProviderError } from '../../core/errors.ts';
import type { RunListPages, RunRow } from '../provider.ts';
import { invalidField } from '../response-reader.ts';
import { hasPageBehind, isLonger, type List, readItems, readNumbers, toPageRequest } from './list.ts';

/**
 * Without `start_time` and `end_time`: no document says which timestamp they compare, and runs without a start might be
 * missing from what they select [D2].
 * @param toList the list of a monitor's runs
 */
export const createRunPages = (toList: (monitorId: string) => List<RunRow>): RunListPages => ({
  isNumbered: true,
  toRequest: (monitorId, token, pageSize, isFromClient) =>
    toPageRequest(toList(monitorId), { page: toPageNumber(token), size: pageSize }, isFromClient),
  read(monitorId, token, pageSize, body) {
    const list = toList(monitorId);
    const items = readItems(list, body, pageSize);
    const numbers = readNumbers(body);
    const page = toPageNumber(token);
    if (numbers.page !== undefined && numbers.page !== page) throw invalidField('DATAFOLD');
    const { size = pageSize, pages, count } = numbers;
    const rows = items.slice().map((item): RunRow | ProviderError => list.toRow(item));
    const hasNext =
      pages === undefined && count === undefined ? items.length >= size : hasPageBehind(numbers, page, size);
    const isShort = numbers.size !== undefined && items.length < size;
    return {
      rows,
      next: hasNext ? page + 1 : undefined,
      count,
      size,
      isIncomplete: hasNext ? isShort : isLonger({ ...numbers, page }, items.length, size),
    };
  },
});

const toPageNumber = (token: string | number | undefined): number => (typeof token === 'number' ? token : 1);
