/** Yields all parts, and then completes what belongs to the response: also when the client disconnects before the last part. */
export async function* completeAfter<Part>(
  owner: { complete(): void },
  parts: AsyncIterable<Part>,
): AsyncGenerator<Part> {
  try {
    yield* parts;
  } finally {
    owner.complete();
  }
}
