import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

/** The blocks that are quick and measure no time, as others run beside them. All of them: `npm run test:faults`. */
const blocks = ['browsers', 'dns-rebinding', 'ids', 'raw-http', 'upstream-types'];

it('survives the quick blocks of the fault suite, as a separate process', { timeout: 300_000 }, () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['test/faults/main.ts', ...blocks]);

  expect(`${stdout}${stderr}`).not.toContain('did not survive');
  expect(status).toBe(0);
});
