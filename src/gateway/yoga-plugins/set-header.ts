/** Changes a header of a request that Yoga is about to read. */

/** @param setRequest takes another request, where the headers of this one can't be changed, as on Deno or in a worker */
export function setHeader(request: Request, setRequest: (request: Request) => void, name: string, value: string): void {
  if (request.headers.get(name) === value) return;
  try {
    request.headers.set(name, value);
  } catch {
    const headers = new Headers(request.headers);
    headers.set(name, value);
    setRequest(new Request(request, { headers }));
  }
}
