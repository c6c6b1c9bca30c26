/** The screens by the hand-written backend. */
import { Pool } from 'undici';
import type { Dashboard, Report, Screens } from './screens.ts';

const reportTimeoutMs = 600_000;

export function createBffScreens(url: string): Screens {
  const pool = new Pool(url, { connections: 128, headersTimeout: reportTimeoutMs, bodyTimeout: reportTimeoutMs });
  const send = async <Result>(method: 'GET' | 'POST', path: string, content?: object): Promise<Result> => {
    const body = content === undefined ? null : JSON.stringify(content);
    const headers = { ...(body !== null && { 'content-type': 'application/json' }) };
    const response = await pool.request({ method, path, headers, body });
    const answer = (await response.body.json()) as Result;
    if (response.statusCode !== 200) throw new Error(`answered ${response.statusCode}`);
    return answer;
  };
  return {
    dashboard: () => send<Dashboard>('GET', '/dashboard'),
    run: async (key) => (await send<{ isOver: boolean }>('POST', '/run', key)).isOver,
    log: async (key) => (await send<{ lines: number }>('POST', '/log', key)).lines,
    report: (windowMs) => send<Report>('POST', '/report', { windowMs }),
  };
}
