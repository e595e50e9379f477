// What there is to get: the page, the graph, metrics, health.

import { Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { type Facts, healthOf, readinessOf } from './health.ts';
import type { Metrics } from './metrics.ts';
import { pageRoutes } from './page.ts';

/** What the routes show. */
export interface Shown {
  /** The graph as JSON, as seen from here, now. */
  graph(): string;
  facts(): Promise<Facts>;
  readonly metrics: Metrics;
}

/** Paths that answer without a password: they say no more than that the daemon is there. */
export const PUBLIC_PATHS: ReadonlySet<string> = new Set(['/health', '/ready']);

const SELF = "'self'";
const NONE = "'none'";

export function createRoutes(shown: Shown): Hono {
  const app = new Hono();
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: [SELF],
        // The icon in the head of the page is written out there.
        imgSrc: [SELF, 'data:'],
        objectSrc: [NONE],
        baseUri: [NONE],
        formAction: [NONE],
        frameAncestors: [NONE],
      },
      xFrameOptions: 'DENY',
      // Certificates of one's own are common here: a browser that refuses plain HTTP for a year would be a trap.
      strictTransportSecurity: false,
    }),
  );
  app.use(async (context, next) => {
    context.header('Cache-Control', 'no-store');
    if (context.req.method === 'GET' || context.req.method === 'HEAD') return next();
    context.header('Connection', 'close');
    context.header('Allow', 'GET, HEAD');
    return context.text('Only GET and HEAD mean anything here.\n', 405);
  });
  app.get('/graph.json', (context) => context.body(shown.graph(), 200, { 'Content-Type': 'application/json' }));
  app.get('/metrics', async ({ body }) =>
    body(await shown.metrics.text(), 200, { 'Content-Type': shown.metrics.contentType }),
  );
  app.get('/health', async ({ json }) => {
    const health = healthOf(await shown.facts());
    return json(health, health.status === 'failing' ? 503 : 200);
  });
  app.get('/ready', async ({ json }) => {
    const readiness = readinessOf(await shown.facts());
    return json(readiness, readiness.ready ? 200 : 503);
  });
  app.get('/bus', (context) => {
    context.header('Upgrade', 'websocket');
    return context.text('This is a WebSocket: lines of the wire, each message one or more.\n', 426);
  });
  app.route('/', pageRoutes());
  app.notFound((context) => context.text('There is nothing by that name.\n', 404));
  return app;
}
