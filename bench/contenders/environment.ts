/** The environment of every contender. */

/** The port of this machine to listen on. */
export const port = Number(process.env.PORT);
/** Where both providers are. */
export const upstreamUrl = process.env.UPSTREAM_URL ?? '';
/** How many connections to a provider there may be: the same for every contender. */
export const connections = Number(process.env.CONNECTIONS);
/** Where the SDL of the graph is. */
export const schemaFolder = process.env.SCHEMA_FOLDER ?? '';
