/** A collector of traces: an HTTP server that decodes OTLP, as JSON and as Protobuf. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

/** What the tests look at of a span. */
export interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root span. */
  readonly parentSpanId: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Those of its resource. */
  readonly resource: Readonly<Record<string, unknown>>;
}

export interface OtlpReceiver {
  readonly endpoint: string;
  readonly spans: ReceivedSpan[];
  readonly requests: { readonly path: string; readonly headers: IncomingHttpHeaders }[];
}

/** Starts a receiver for the test that calls it. @param status the HTTP status of its responses */
export async function startOtlpReceiver(status = 200): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const requests: { path: string; headers: IncomingHttpHeaders }[] = [];
  const server = createServer(async (request, response) => {
    const { url = '', headers } = request;
    const body = await buffer(request);
    requests.push({ path: url, headers });
    const isJson = headers['content-type'] === 'application/json';
    spans.push(...(isJson ? fromJson(JSON.parse(body.toString())) : fromProtobuf(body)));
    response.writeHead(status, { 'content-type': headers['content-type'] }).end(isJson ? '{}' : undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans, requests };
}

/** A message of OTLP as JSON; as Protobuf it is read into the same form. */
interface TracesMessage {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly { readonly spans: readonly SpanMessage[] }[];
  }[];
}
interface SpanMessage extends Pick<ReceivedSpan, 'name' | 'traceId' | 'spanId'> {
  readonly parentSpanId?: string;
  readonly attributes: readonly KeyValue[];
}
interface KeyValue {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly intValue?: number | string;
    readonly arrayValue?: { readonly values: readonly KeyValue['value'][] };
  };
}

const fromJson = ({ resourceSpans }: TracesMessage): ReceivedSpan[] =>
  resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ name, traceId, spanId, parentSpanId = '', attributes }) => ({
        ...{ name, traceId, spanId, parentSpanId },
        attributes: toAttributes(attributes),
        resource: toAttributes(resource.attributes),
      })),
    ),
  );

const toAttributes = (pairs: readonly KeyValue[]) =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, toValue(value)]));

const toValue = ({ stringValue, intValue, arrayValue }: KeyValue['value']): unknown =>
  stringValue ?? (intValue === undefined ? arrayValue?.values.map(toValue) : Number(intValue));

/** By the numbers of the fields in opentelemetry/proto/trace/v1/trace.proto and its imports. */
function fromProtobuf(bytes: Buffer): ReceivedSpan[] {
  const toPair = (pair: Buffer): KeyValue => {
    const { 1: [key] = [], 2: [value] = [] } = readFields(pair);
    return { key: String(key), value: toAnyValue(value as Buffer) };
  };
  const toAnyValue = (value: Buffer): KeyValue['value'] => {
    const { 1: [text] = [], 3: [count] = [], 5: [list] = [] } = readFields(value);
    if (text !== undefined) return { stringValue: String(text) };
    if (count !== undefined) return { intValue: count as number };
    const { 1: values = [] } = list === undefined ? {} : readFields(list as Buffer);
    return { arrayValue: { values: (values as Buffer[]).map(toAnyValue) } };
  };
  const toSpan = (span: Buffer): SpanMessage => {
    const { 1: [traceId] = [], 2: [spanId] = [], 4: [parent] = [], 5: [name] = [], 9: pairs = [] } = readFields(span);
    const toHex = (id: number | Buffer | undefined) => (id as Buffer | undefined)?.toString('hex') ?? '';
    return {
      ...{ name: String(name), traceId: toHex(traceId), spanId: toHex(spanId), parentSpanId: toHex(parent) },
      attributes: (pairs as Buffer[]).map(toPair),
    };
  };
  const { 1: resourceSpans = [] } = readFields(bytes);
  return fromJson({
    resourceSpans: (resourceSpans as Buffer[]).map((each) => {
      const { 1: [resource] = [], 2: scopes = [] } = readFields(each);
      const { 1: pairs = [] } = readFields(resource as Buffer);
      return {
        resource: { attributes: (pairs as Buffer[]).map(toPair) },
        scopeSpans: (scopes as Buffer[]).map((scope) => ({
          spans: ((readFields(scope)[2] ?? []) as Buffer[]).map(toSpan),
        })),
      };
    }),
  });
}

/** The fields of a Protobuf message, by their numbers: numbers, and bytes of anything else. */
function readFields(bytes: Buffer): Record<number, (number | Buffer)[] | undefined> {
  const fields: Record<number, (number | Buffer)[]> = {};
  let at = 0;
  const readNumber = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  const readBytes = (length: number) => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = readNumber();
    const type = tag & 7;
    const value = type === 0 ? readNumber() : readBytes(type === 2 ? readNumber() : type === 1 ? 8 : 4);
    const values = fields[tag >> 3] ?? [];
    fields[tag >> 3] = values;
    values.push(value);
  }
  return fields;
}
