/** What keeps copies apart, and no older than they may be. */
import type { Guard } from './guard.ts';

const sharedTests = ['test/shared-store.test.ts'];

export const guardsOfTheStore: readonly Guard[] = [
  {
    name: 'copies by the base URL that they are of',
    file: 'src/upstream/credential.ts',
    from: '{baseUrl} $',
    to: "{baseUrl && ''} $",
    tests: sharedTests,
  },
  {
    name: 'copies by the form that they have',
    file: 'src/kept/kept-runs.ts',
    from: '{formatVersion}/$',
    to: '{formatVersion && 1}/$',
    tests: ['test/kept-runs.test.ts'],
  },
  {
    name: 'records by their kind',
    file: 'src/kept/kept-runs.ts',
    from: '{kind}/$',
    to: "{kind && 'run'}/$",
    tests: ['test/credential-cache.test.ts'],
  },
  {
    name: "a reader's own limit of how long a copy stands for an answer",
    file: 'src/loaders/run-copies.ts',
    from: 'return known && ageOf(copy.readAt, now) < this.#freshMsOf(known, kind) ? known : undefined;',
    to: 'return known;',
    tests: sharedTests,
  },
  {
    name: "a reader's own limit of how old a record may be",
    file: 'src/kept/credential-cache.ts',
    from: 'ageOf(copy.readAt, now) < maxAgeMs && ',
    to: '',
    tests: ['test/credential-cache.test.ts'],
  },
];
