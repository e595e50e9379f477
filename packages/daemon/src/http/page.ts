// The files of the console's page, as the build left them.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import { etag } from 'hono/etag';

/** Where the build puts the page, from the sources as from the bundle. */
const PAGE = fileURLToPath(new URL('../../dist/console', import.meta.url));

/** Names of files under assets/ have a hash of their content in them: they never change. */
const FOREVER = 'private, max-age=31536000, immutable';
const ASK_EACH_TIME = 'private, no-cache';

/** @param root the directory of the page, for tests */
export function pageRoutes(root: string = PAGE): Hono {
  const page = new Hono();
  page.use(async (context, next) => {
    // Looked for each time: a build while the daemon runs brings it.
    if (!existsSync(join(root, 'index.html')))
      return context.text('The page of the console has not been built: run "npm run build".\n', 503);
    await next();
    if (context.res.status !== 404)
      context.header('Cache-Control', context.req.path.startsWith('/assets/') ? FOREVER : ASK_EACH_TIME);
    return undefined;
  });
  page.use(etag());
  // It complains to the console about a directory that is not there yet, hence made when it is.
  let files: ReturnType<typeof serveStatic> | undefined;
  page.get('*', (context, next) => {
    files ??= serveStatic({ root, precompressed: true });
    return files(context, next);
  });
  return page;
}
