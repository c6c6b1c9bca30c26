/** Secrets in files, as Docker and Kubernetes mount them: `API_TOKENS_FILE` names the file of `API_TOKENS`. */
import { readFileSync } from 'node:fs';
import { providerNames } from '../providers/index.ts';
import type { Env } from './env.ts';

/** The variables whose value may be in a file. */
export const secretVariables: readonly string[] = [
  ...providerNames.map((provider) => `${provider}_API_KEY`),
  'API_TOKENS',
  'REDIS_URL',
];

/** The variable that names the file of a secret. */
export const fileVariable = (secret: string): string => `${secret}_FILE`;

/** The variables of such files that are set. */
export const secretFilesIn = (env: Env): string[] => secretVariables.map(fileVariable).filter((name) => env[name]);

/** The environment with the secrets of the files that it names. Adds what is wrong to `problems`, without a path. */
export function readSecretFiles(env: Env, problems: string[]): Env {
  const secrets = secretVariables.flatMap((name) => {
    const path = env[fileVariable(name)];
    if (!path) return [];
    if (env[name]) problems.push(`${name}, ${fileVariable(name)}: expected one of them to be set`);
    const secret = readSecret(path);
    if (secret === undefined) problems.push(`${fileVariable(name)}: expected a file that can be read, and isn't empty`);
    return [[name, secret] as const];
  });
  return secrets.length === 0 ? env : { ...env, ...Object.fromEntries(secrets) };
}

/** Without the line break at the end that editors add. */
function readSecret(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

/** The texts of these files as they are now, to be compared with those of another time. */
export const readSecretTexts = (env: Env): string =>
  JSON.stringify(secretVariables.map((name) => readSecret(env[fileVariable(name)] ?? '')));
