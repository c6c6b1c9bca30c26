/** Tailcall, a gateway in Rust, over what our OpenAPI documents say. Its package brings a program; this writes its configuration. */
import { writeFileSync } from 'node:fs';
import { bench, built } from '../paths.ts';

export const program = `${bench}node_modules/@tailcallhq/core-linux-x64-gnu/bin/tailcall`;

/** Its command line. One worker, as it has one processor; a Float where an Int doesn't hold a time in milliseconds. */
export function configure(port: number, upstreamUrl: string, connections: number): readonly string[] {
  const file = built(`tailcall-${port}.graphql`);
  const sdl = `schema
  @server(port: ${port}, hostname: "127.0.0.1", workers: 1)
  @upstream(poolMaxIdlePerHost: ${connections}) {
  query: Query
}
type Query {
  datafold_getMonitorRun(id: Int!, run_id: Int!): datafold_MonitorRun
    @http(url: "${upstreamUrl}/api/v1/monitors/{{.args.id}}/runs/{{.args.run_id}}")
  olostep_getMonitorRun(monitor_id: String!, run_id: String!): olostep_MonitorRun
    @http(url: "${upstreamUrl}/v1/monitors/{{.args.monitor_id}}/runs/{{.args.run_id}}")
}
type datafold_MonitorRun {
  run_id: Int!
  monitor_id: Int!
  state: String!
  started_at: String
  diff_id: Int
  error: String
  warnings: [String!]!
}
type olostep_MonitorRun {
  monitor_id: String
  run_id: String
  snapshot: JSON
  log_group: String
  events: [olostep_AgentLogEvent]
}
type olostep_AgentLogEvent {
  id: String
  ts: Float
  ingestion_ts: Float
  stream: String
  message: String
  event: JSON
}
`;
  writeFileSync(file, sdl);
  return ['start', file];
}
