/** What `npm run lint:schema` holds the schema and the example operations to. */
import { ESLint } from 'eslint';
import { expect, it } from 'vitest';

const eslint = new ESLint();

it.each([
  ['a type without a description', 'schema/x.graphql', 'type Monitor { "An id." id: ID! }', 'require-description'],
  ['a field without a description', 'schema/x.graphql', '"A." type Monitor { id: ID! }', 'require-description'],
  ['a value without a description', 'schema/x.graphql', '"A." enum Level { HIGH }', 'require-description'],
  [
    'a deprecation without a reason',
    'schema/x.graphql',
    'extend type OlostepRun { "A." old: ID @deprecated }',
    'require-deprecation-reason',
  ],
  ['a field in snake_case', 'schema/x.graphql', 'extend type OlostepRun { "A." old_id: ID }', 'naming-convention'],
  [
    'a connection that cannot be paged',
    'schema/x.graphql',
    'extend type OlostepRun { "A." log: AgentLogEventConnection }',
    'relay-arguments',
  ],
  [
    'a connection whose page may be null',
    'schema/x.graphql',
    '"A." type LogConnection { "A." edges: [AgentLogEventEdge] "A." pageInfo: PageInfo }',
    'relay-connection-types',
  ],
  ['an operation without a name', 'src/operations/x.graphql', '# A\n{ __typename }', 'no-anonymous-operations'],
  ['an operation without a comment', 'src/operations/x.graphql', 'query A { __typename }', 'require-description'],
])('schema rules: refuses %s', async (_what, filePath, text, rule) => {
  const [result] = await eslint.lintText(text, { filePath });

  expect(result?.messages.map(({ ruleId }) => ruleId)).toContain(`@graphql-eslint/${rule}`);
});
