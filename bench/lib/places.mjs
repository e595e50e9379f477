// Where things are: the checkout, the folder for what is compiled and remembered, the two reports.
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const WORK = fileURLToPath(new URL('../.work/', import.meta.url));
export const RESULTS = fileURLToPath(new URL('../RESULTS.md', import.meta.url));
export const PROOF = fileURLToPath(new URL('../PROOF.md', import.meta.url));
export const BETWEEN = fileURLToPath(new URL('../between.json', import.meta.url));
