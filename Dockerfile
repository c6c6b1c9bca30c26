# The service as an image: docs/deployment.md says how it is run.

FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# The base image has Node.js, which a script of the `node` package would fetch once more.
RUN npm ci --ignore-scripts
COPY src src
COPY scripts scripts
COPY schema schema
RUN npm run build:service

FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000
WORKDIR /app
# The bundle needs no package beside it.
COPY --from=build /build/dist dist
COPY package.json LICENSE ./
USER node
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/health').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node.js is process 1, and stops by SIGTERM.
CMD ["node", "--max-semi-space-size=16", "dist/main.mjs"]
