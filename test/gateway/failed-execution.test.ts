/** A bug that makes the execution of an operation reject: what belongs to the operation ends all the same. */
import { expect, it, vi } from 'vitest';
import { createGateway, type RequestInfo } from '../../src/gateway/create-gateway.ts';
import type { Context } from '../../src/resolvers/context.ts';
import { CancelSource } from '../../src/upstream/deadline.ts';

const bug = new Error('a bug of the executor');
const maxLogLines = 2;

vi.mock('../../src/graphql/executor/execute.ts', () => ({
  createExecute: () => (_operation: unknown, context: Context) => {
    for (let line = 0; line < 5; line++) context.call.log.warn({}, 'a line');
    return Promise.reject(bug);
  },
}));

it('An operation whose execution rejects no longer listens to its client, and its log says how many lines were omitted', async () => {
  const lines: [message: string, fields: object][] = [];
  const note = (fields: object, message: string) => void lines.push([message, fields]);
  const gateway = createGateway({
    providers: { DATAFOLD: { apiKey: 'a-key-of-datafold' } },
    log: { info: note, warn: note, error: note },
    limits: { maxLogLines },
  });
  const cancellation = new CancelSource();
  const remove = vi.spyOn(cancellation, 'delete');
  const requestInfo: RequestInfo = { requestId: 'r', header: () => undefined, cancellation };

  await expect(gateway.executeOperation({ query: '{ __typename }' }, requestInfo)).rejects.toThrow(bug);

  expect(remove).toHaveBeenCalledOnce();
  expect(lines.at(-1)).toMatchObject(['operation', { outcome: 'failed', errorCodes: ['INTERNAL_SERVER_ERROR'] }]);
  expect(lines.at(-2)).toEqual(['more log lines of the request omitted', { requestId: 'r', omitted: 3 }]);
  await gateway.close();
});
