/**
 * Composes the supergraph for Hive Gateway: `node compose.ts > supergraph.graphql`. `RUNS_URL` and `INCIDENTS_URL` say where
 * the gateway will find the subgraphs; without them they are on this machine.
 */
import { readFileSync } from 'node:fs';
import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

/** @throws {AggregateError} when the subgraphs don't fit each other */
export function composeSupergraph({
  RUNS_URL = 'http://localhost:4000/graphql',
  INCIDENTS_URL = 'http://localhost:4001/graphql',
}: NodeJS.ProcessEnv): string {
  const { supergraphSdl, errors = [] } = composeServices([
    { name: 'runs', url: RUNS_URL, typeDefs: parse(read('../../subgraph.graphql')) },
    { name: 'incidents', url: INCIDENTS_URL, typeDefs: parse(read('incidents.graphql')) },
  ]);
  if (supergraphSdl === undefined) throw new AggregateError(errors, errors.map(({ message }) => message).join('\n'));
  return supergraphSdl;
}

if (import.meta.main) console.log(composeSupergraph(process.env));
