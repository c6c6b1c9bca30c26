import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { exampleOperations } from '../../src/generated/example-operations.ts';
import { silentLog } from '../../src/observability/logger.ts';
import { startSandbox } from '../../src/sandbox/start-sandbox.ts';
import { createServer } from '../../src/server/server.ts';
import { findChromium, launchChromium } from '../support/browser.ts';

const browserPath = findChromium();

// On a laptop a missing browser skips these tests, and says so; in CI it fails them.
if (browserPath === undefined) console.warn('No chromium found: the tests of GraphiQL are skipped, or fail in CI.');
describe.skipIf(browserPath === undefined && !process.env.CI)(
  `GraphiQL in ${browserPath ?? 'Chromium (NOT FOUND)'}`,
  () => {
    let browser: Browser;
    let url: string;
    let stop: () => void;

    beforeAll(async () => {
      ({ url, stop } = await startService());
      browser = await launchChromium(browserPath ?? 'chromium');
    }, 60_000);

    afterAll(async () => {
      await browser?.close();
      stop?.();
    });

    it('opens on tabs of the example operations, runs one, shows its response, and calls nothing outside', async () => {
      const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
      const requested: string[] = [];
      const complaints: string[] = [];
      page.on('request', (request) => requested.push(request.url()));
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));

      const response = await page.goto(url);
      await page.getByRole('button', { name: /Execute query/ }).click();
      await page.locator('.result-window').getByText('"DATAFOLD:7:42"').waitFor();

      expect(response?.headers()['content-security-policy']).toMatch(
        /^default-src 'none'; script-src 'sha256-[^' ]+';/,
      );

      expect(await tabsOf(page)).toEqual(exampleOperations.map(describeOperation).map(({ name }) => name));
      expect(await page.locator('.result-window').innerText()).toContain('FINDING');

      const { origin } = new URL(url);
      expect(requested.length).toBeGreaterThan(1);
      expect(
        requested.filter((address) => !/^(blob|data):/.test(address) && new URL(address).origin !== origin),
      ).toEqual([]);
      expect(complaints).toEqual([]);
    }, 60_000);

    it('runs the operation of each tab that is clicked, in any order', async () => {
      const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
      await page.goto(url);

      const answer = page.locator('.result-window');
      for (const { name, field } of exampleOperations.map(describeOperation).reverse()) {
        await page.getByRole('button', { name, exact: true }).click();
        // GraphiQL looks for the operation in a text a while after the text is there, and stores the text as it does so.
        const stored = () => page.evaluate(`localStorage['graphiql:query']`);
        await expect.poll(stored, { timeout: 10_000 }).toContain(`query ${name}(`);
        await page.getByRole('button', { name: /Execute query/ }).click();
        await answer.getByText(`"${field}"`, { exact: true }).waitFor();
        expect(await answer.innerText()).not.toContain('"errors"');
      }
      await page.close();
    }, 60_000);

    it('holds its page to its own script, and to no frame', async () => {
      const page = await browser.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
      await page.goto(url);

      // What a text that got into the page would try: a script, a handler, a call and an image that carry data off.
      const done = await page.evaluate(`(async () => {
        const add = (name, attributes) => document.body.append(Object.assign(document.createElement(name), attributes));
        const resultOf = (promise) => promise.then(() => 'done', () => 'refused');
        add('script', { textContent: 'window.isBroken = true' });
        add('div', { innerHTML: '<img src="data:x" onerror="window.isBroken = true">' });
        const image = new Promise((resolve, reject) =>
          add('img', { src: location.href + '?image', onload: resolve, onerror: reject }));
        return [await resultOf(fetch('http://127.0.0.1:1/')), await resultOf(image), window.isBroken];
      })()`);

      expect(done).toEqual(['refused', 'refused', undefined]);
      expect(complaints.join()).toMatch(/script-src.*connect-src/s);

      const frame = await browser.newPage();
      await frame.goto(new URL('/health', url).href);
      const failed = frame.waitForEvent('requestfailed');
      await frame.evaluate(`document.body.append(Object.assign(document.createElement('iframe'), { src: '${url}' }))`);
      expect((await failed).failure()?.errorText).toBe('net::ERR_BLOCKED_BY_RESPONSE');
      await Promise.all([page.close(), frame.close()]);
    }, 60_000);

    it('stores no headers in the browser, unless the person switches that on', async () => {
      const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
      const page = await context.newPage();
      const sent: (string | undefined)[] = [];
      page.on('request', (request) => {
        if (request.postData()?.includes('BothProviders')) sent.push(request.headers().authorization);
      });
      const execute = async () => {
        const count = sent.length;
        await page.getByRole('button', { name: /Execute query/ }).click();
        await expect.poll(() => sent.length).toBe(count + 1);
        await page.locator('.result-window').getByText('"DATAFOLD:7:42"').waitFor();
      };
      /** All that outlives the page, once the tab of this number is stored as the active one. */
      const stored = async (tab: number) => {
        await page.getByRole('tab').nth(tab).getByRole('button').first().click();
        const active = () => page.evaluate("JSON.parse(localStorage['graphiql:tabState'] ?? '{}').activeTabIndex");
        await expect.poll(active, { timeout: 10_000 }).toBe(tab);
        return page.evaluate<string>('JSON.stringify([localStorage, sessionStorage, document.cookie, location.href])');
      };
      const keepHeaders = async (answer: 'On' | 'Off') => {
        await page.getByRole('button', { name: /settings/i }).click();
        await page.getByRole('button', { name: answer, exact: true }).click();
        await page.getByRole('button', { name: 'Close dialog' }).click();
      };
      const canary = 'Bearer canary-of-a-person';
      const headers = page.locator('.graphiql-editor-tool .monaco-editor').last();

      // What another page has left there is neither sent nor stored.
      await page.goto(new URL('/health', url).href);
      await page.evaluate(`localStorage['graphiql:headers'] = '{"Authorization": "${canary}"}'`);
      await page.goto(url);
      await execute();
      expect(await stored(1)).not.toContain('canary');
      await stored(0);

      await page.getByRole('button', { name: 'Headers', exact: true }).click();
      await headers.click();
      await page.keyboard.insertText(`{"Authorization": "${canary}"}`);
      await expect.poll(() => headers.innerText()).toContain('canary');
      await execute();
      expect(sent).toEqual([undefined, canary]);
      expect(await stored(1)).not.toContain('canary');

      await page.goto(url);
      await stored(0);
      await execute();
      expect(sent).toEqual([undefined, canary, undefined]);

      await page.getByRole('button', { name: 'Headers', exact: true }).click();
      await headers.click();
      await page.keyboard.insertText(`{"Authorization": "${canary}"}`);
      await expect.poll(() => headers.innerText()).toContain('canary');
      await keepHeaders('On');
      expect(await stored(1)).toContain('canary');
      await stored(0);
      await page.goto(url);
      await execute();
      expect(sent.at(-1)).toBe(canary);

      await keepHeaders('Off');
      expect(await stored(1)).not.toContain('canary');
      await context.close();
    }, 60_000);

    it('documents the schema', async () => {
      const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
      await page.goto(url);
      await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
      await page.getByText('Monitor runs of several services in one graph').waitFor();
      await page.getByRole('link', { name: 'Query', exact: true }).click();
      await page.getByText('The runs of all providers.').waitFor();
      expect(await page.getByRole('link', { name: '_entities' }).count()).toBe(0);
      await page.close();
    }, 60_000);

    it('shows the query above the response at the width of a phone, each wide enough to read', async () => {
      const page = await browser.newPage({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
      await page.goto(url);
      await page.getByRole('button', { name: /Execute query/ }).tap();
      const result = page.locator('.result-window');
      await result.getByText('"DATAFOLD:7:42"').waitFor();

      const query = await page.locator('.graphiql-query-editor').boundingBox();
      const response = await result.boundingBox();
      expect(query?.width).toBeGreaterThan(300);
      expect(response?.width).toBeGreaterThan(300);
      expect(response?.height).toBeGreaterThan(250);
      expect(response?.y).toBeGreaterThan((query?.y ?? 0) + (query?.height ?? 0));
      await page.close();
    }, 60_000);

    it('says where a token is typed when one is missing', async () => {
      const closed = await startService({ apiTokens: ['a-token-of-32-characters-at-least'] });
      const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
      await page.goto(closed.url);
      await page.getByRole('button', { name: /Execute query/ }).click();
      // The editor wraps the sentence over several lines.
      const shown = async () => (await page.locator('.result-window').innerText()).replace(/\s+/g, ' ');
      await expect.poll(shown, { timeout: 10_000 }).toContain('open Headers below the query');

      await page.getByRole('button', { name: 'Headers', exact: true }).click();
      await page.locator('.graphiql-editor-tool .monaco-editor').last().click();
      await page.keyboard.insertText('{"Authorization": "Bearer a-token-of-32-characters-at-least"}');
      await page.getByRole('button', { name: /Execute query/ }).click();
      await page.locator('.result-window').getByText('"DATAFOLD:7:42"').waitFor();
      await page.close();
      closed.stop();
    }, 60_000);
  },
);

/** The name of an operation, and the first field of its answer. */
function describeOperation(text: string) {
  const [, name = '', field = ''] = /^query (\w+)(?:\(.*?\))? \{\s+(\w+)/ms.exec(text) ?? [];
  return { name, field };
}

const tabsOf = (page: Page) => page.getByRole('tab').allInnerTexts();

async function startService(options: { apiTokens?: readonly string[] } = {}) {
  const sandbox = await startSandbox({ now: Date.now, seed: 1 });
  const gateway = createGateway({ providers: sandbox.providers, bodyLimitEnforced: true });
  const server = createServer({ gateway, log: silentLog, operations: exampleOperations, ...options });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    stop() {
      server.close();
      server.closeAllConnections();
      sandbox.close();
    },
  };
}
