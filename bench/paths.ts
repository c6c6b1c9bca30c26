/** Where files are, seen from this folder. */
import { fileURLToPath } from 'node:url';

/** This folder. */
export const bench = fileURLToPath(new URL('.', import.meta.url));
/** The project's. */
export const root = fileURLToPath(new URL('..', import.meta.url));
/** What is made for a run and not stored. */
export const built = (name: string): string => `${bench}build/${name}`;
/** A program that was compiled for it. */
export const binary = built;
/** What a run leaves. */
export const result = (name: string): string => `${bench}results/${name}`;
