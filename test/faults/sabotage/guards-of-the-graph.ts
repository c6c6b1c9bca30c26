/** What keeps operations small, ids whole and requests apart. */
import type { Guard } from './guard.ts';

const documentLimits = 'src/plugins/document-limits.ts';
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
    file: 'src/plugins/token-limit.ts',
    from: 'maxTokens: most }',
    to: 'maxTokens: 1e9 * most }',
    tests: limitTests,
  },
  {
    name: 'a number of aliases',
    file: documentLimits,
    from: '[size.aliases, maxAliases,',
    to: '[0 * size.aliases, maxAliases,',
    tests: limitTests,
  },
  {
    name: 'a depth',
    file: documentLimits,
    from: '[size.depth, maxDepth,',
    to: '[0 * size.depth, maxDepth,',
    tests: limitTests,
  },
  {
    name: 'a number of directives',
    file: documentLimits,
    from: '[size.directives, maxDirectives,',
    to: '[0 * size.directives, maxDirectives,',
    tests: limitTests,
  },
  {
    name: 'a number of fields of the query',
    file: documentLimits,
    from: '[size.rootFields, maxRootFields,',
    to: '[0 * size.rootFields, maxRootFields,',
    tests: limitTests,
  },
  {
    name: 'fragments that count as often as they are used',
    file: 'src/plugins/document-size.ts',
    from: 'if (known !== undefined) return known;',
    to: 'if (known !== undefined) return nothing;',
    tests: limitTests,
  },
  {
    name: 'a number of upstream calls',
    file: 'src/loaders.ts',
    from: 'if (++calls > maxCalls)',
    to: 'if (++calls > 1e9 * maxCalls)',
    tests: limitTests,
  },
  {
    name: 'an allowance for what lists multiply',
    file: 'src/allowance.ts',
    from: 'left -= some;',
    to: 'left -= 0 * some;',
    tests: ['test/allowance.test.ts'],
  },
  {
    name: 'no introspection where it is off',
    file: 'src/plugins/validation.ts',
    from: 'if (!isAllowed) addValidationRule(',
    to: 'if (maxErrors < 0) addValidationRule(',
    tests: limitTests,
  },
  {
    name: 'no names given away where it is off',
    file: 'src/plugins/validation.ts',
    from: 'validate(schema, document, rules, { maxErrors, hideSuggestions: !isAllowed })',
    to: 'validate(schema, document, rules, { maxErrors })',
    tests: limitTests,
  },
  {
    name: 'a loader for each request',
    file: 'src/context.ts',
    from: 'runs: createRunLoader(options),',
    to: 'runs: ((globalThis as { shared?: RunLoader }).shared ??= createRunLoader(options)),',
    tests: ['test/batching.test.ts'],
  },
];
