/** Rules of the schema and of the example operations: names, descriptions, deprecations, Relay. Biome has all other files. */
import plugin from '@graphql-eslint/eslint-plugin';
import { printSchema } from 'graphql';
import { createSchema } from './src/schema/create-schema.ts';

const { configs, parser } = plugin;
const schema = ['schema/*.graphql'];
const operations = ['src/operations/*.graphql'];

export default [
  {
    files: [...schema, ...operations],
    plugins: { '@graphql-eslint': plugin },
    languageOptions: {
      parser,
      // The schema as it is built: the plugin's own loader fails on `@link`, which schemas of subgraphs have.
      parserOptions: { graphQLConfig: { schema: printSchema(createSchema()), documents: operations } },
    },
  },
  {
    files: schema,
    rules: {
      ...configs['flat/schema-recommended'].rules,
      ...configs['flat/schema-relay'].rules,
      '@graphql-eslint/require-description': [
        'error',
        { types: true, FieldDefinition: true, InputValueDefinition: true, EnumValueDefinition: true },
      ],
      // Short descriptions stand in a line, long ones in a block.
      '@graphql-eslint/description-style': 'off',
      // Pages have no ids, the line of a log only has one if Olostep sends it, and the parts of a monitor are found with it alone.
      '@graphql-eslint/strict-id-in-types': [
        'error',
        {
          exceptions: {
            types: [
              'RunCounts',
              'DatafoldDiffProgress',
              'OlostepPlanning',
              'Account',
              'AgentLogEvent',
              'PageInfo',
              'DatafoldDataset',
              'OlostepTracked',
              'OlostepSourcePolicy',
              'OlostepLastRun',
            ],
            suffixes: ['Connection', 'Edge', 'Gap', 'Schedule', 'Alert', 'Notification', 'NotificationChannel'],
          },
        },
      ],
      // `Monitor.monitorId` is called as it is in runs and in keys.
      '@graphql-eslint/no-typename-prefix': 'off',
      // A log is paged in both directions, lists forwards alone.
      '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
      // `monitorRuns`, `nodes` and `warnings` are lists of other things, and the line of a log is no `Node`: it can't be asked for.
      '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false }],
    },
  },
  {
    files: operations,
    rules: {
      ...configs['flat/operations-recommended'].rules,
      // GraphiQL shows it above the operation.
      '@graphql-eslint/require-description': ['error', { OperationDefinition: true }],
      // It would ask for the ids of a log's lines, which Olostep doesn't say to be unique: a cache could take two lines for one.
      '@graphql-eslint/require-selections': 'off',
    },
  },
];
