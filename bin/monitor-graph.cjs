#!/usr/bin/env node
'use strict';
// CommonJS, which every version of Node.js runs: `dist/main.mjs` says which one it needs.
if (process.loadEnvFile && require('node:fs').existsSync('.env')) process.loadEnvFile('.env');
void import('../dist/main.mjs');
