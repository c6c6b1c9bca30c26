import type { CreateSandbox } from '../provider.ts';
export const createSandbox: CreateSandbox = () => ({ apiKey: 'sandbox', answer: () => ({ status: 404, body: {} }) });
