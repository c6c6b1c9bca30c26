/** Composes what Hive Gateway serves. A separate program, as its users compose ahead. */
import { writeFileSync } from 'node:fs';
import { composeSubgraphs, createPrefixTransform } from '@graphql-mesh/fusion-composition';
import { loadOpenAPISubgraph } from '@omnigraph/openapi';
import { built, root } from '../paths.ts';
import { upstreamUrl } from './environment.ts';

/** Both documents have a `getMonitorRun`: prefixes distinguish them. */
const load = async (name: string) => {
  const source = `${root}src/providers/${name}/openapi.yaml`;
  const subgraph = loadOpenAPISubgraph(name, { source, endpoint: upstreamUrl, cwd: root });
  const { schema$ } = subgraph({ fetch, cwd: root } as unknown as Parameters<typeof subgraph>[0]);
  const transforms = [createPrefixTransform({ value: `${name}_`, includeRootOperations: true })];
  return { name, schema: await schema$, transforms };
};

const { supergraphSdl, errors } = composeSubgraphs(await Promise.all(['datafold', 'olostep'].map(load)));
if (errors !== undefined) throw new AggregateError(errors, 'The supergraph does not compose');
// An integer of theirs becomes an Int, which doesn't hold a time in milliseconds.
writeFileSync(
  built('supergraph.graphql'),
  supergraphSdl.replace(/\bts: Int\b/, 'ts: Float').replace('ingestion_ts: Int', 'ingestion_ts: Float'),
);
