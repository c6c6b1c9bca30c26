/** The library: the gateway as a value that any HTTP server can mount. */
export * from './gateway/create-gateway.ts';
