/** What keeps operations small, ids whole and requests apart. */
import type { Guard } from './guard.ts';

const excesses = 'src/documents/excesses.ts';
const limitTests = ['test/operation-limits.test.ts'];

export const guardsOfTheGraph: readonly Guard[] = [
  {
    name: 'the grammar of Datafold ids',
    file: 'src/providers/datafold/client.ts',
    from: 'isKey: ({ monitorId, runId }) => id.test(monitorId) && id.test(runId),',
    to: 'isKey: () => id.source.length > 0,',
    tests: ['ids'],
  },
  {
    name: 'the grammar of Olostep ids',
    file: 'src/providers/olostep/client.ts',
    from: 'isKey: (key) => monitorId.test(key.monitorId) && runId.test(key.runId),',
    to: 'isKey: () => monitorId !== runId,',
    tests: ['ids'],
  },
  {
    name: 'ids that no number has rounded',
    file: 'src/id-scalar.ts',
    from: 'Number.isSafeInteger(value)) return',
    to: 'Number.isInteger(value)) return',
    tests: ['ids'],
  },
  {
    name: 'a number of tokens',
    file: 'src/documents/documents.ts',
    from: 'parse(text, { maxTokens })',
    to: 'parse(text, { maxTokens: 1e9 * maxTokens })',
    tests: limitTests,
  },
  {
    name: 'a number of aliases',
    file: excesses,
    from: '[size.aliases, limits.maxAliases,',
    to: '[0 * size.aliases, limits.maxAliases,',
    tests: limitTests,
  },
  {
    name: 'a depth',
    file: excesses,
    from: '[size.depth, limits.maxDepth,',
    to: '[0 * size.depth, limits.maxDepth,',
    tests: limitTests,
  },
  {
    name: 'a number of directives',
    file: excesses,
    from: '[size.directives, limits.maxDirectives,',
    to: '[0 * size.directives, limits.maxDirectives,',
    tests: limitTests,
  },
  {
    name: 'a number of fields of the query',
    file: excesses,
    from: '[size.rootFields, limits.maxRootFields,',
    to: '[0 * size.rootFields, limits.maxRootFields,',
    tests: limitTests,
  },
  {
    name: 'fragments that count as often as they are used',
    file: 'src/documents/size.ts',
    from: 'if (known !== undefined) return known;',
    to: 'if (known !== undefined) return nothing;',
    tests: limitTests,
  },
  {
    name: 'a number of upstream calls',
    file: 'src/loaders.ts',
    from: 'if (++this.#calls > limits.maxUpstreamCalls)',
    to: 'if (++this.#calls > 1e9 * limits.maxUpstreamCalls)',
    tests: limitTests,
  },
  {
    name: 'an allowance for what lists multiply',
    file: 'src/allowance.ts',
    from: 'this.#left -= bytes;',
    to: 'this.#left -= 0 * bytes;',
    tests: ['test/allowance.test.ts'],
  },
  {
    name: 'a number of representations',
    file: 'src/federation/references.ts',
    from: "each('representations', context.maxRepresentations,",
    to: "each('representations', 1e9 * context.maxRepresentations,",
    tests: ['test/subgraph.test.ts'],
  },
  {
    name: 'a type that is the one of the id beside it',
    file: 'src/federation/references.ts',
    from: 'provider !== undefined && provider !== key.provider)',
    to: 'provider !== undefined && key === undefined)',
    tests: ['test/subgraph.test.ts'],
  },
  {
    name: 'no SDL where introspection is off',
    file: 'src/federation/no-sdl.ts',
    from: "!== '_Service') return;",
    to: "!== 'Service') return;",
    tests: ['test/subgraph.test.ts'],
  },
  {
    name: 'no introspection where it is off',
    file: 'src/documents/validate.ts',
    from: 'introspection ? specifiedRules :',
    to: 'maxErrors > 0 ? specifiedRules :',
    tests: limitTests,
  },
  {
    name: 'no names given away where it is off',
    file: 'src/documents/validate.ts',
    from: 'validate(schema, document, rules, { maxErrors, hideSuggestions: !introspection })',
    to: 'validate(schema, document, rules, { maxErrors })',
    tests: limitTests,
  },
  {
    name: 'a loader for each request',
    file: 'src/context.ts',
    from: 'runs: new RunLoader(options),',
    to: 'runs: ((globalThis as { shared?: RunLoader }).shared ??= new RunLoader(options)),',
    tests: ['test/batching.test.ts'],
  },
];
