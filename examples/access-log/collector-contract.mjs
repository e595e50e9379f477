// What the service `collector` understands; the same for those who send to it.

import { defineService, integer, string } from 'snapcommunicator';

export const collector = defineService('collector', {
  VISIT: {
    description: 'Somebody asked the web server for a page.',
    parameters: {
      client: string(),
      method: string(),
      uri: string(),
      status: integer({ min: 100, max: 999 }),
      bytes: integer({ min: 0 }),
    },
  },
  REPORT: {
    description: 'How much has been collected; the answer waits until there are so many visits.',
    parameters: { at_least: integer({ min: 0 }).default(0) },
    reply: 'REPORTED',
  },
  REPORTED: {
    parameters: {
      visits: integer({ min: 0 }),
      uris: integer({ min: 0 }).describe('different ones'),
      bytes: integer({ min: 0 }),
    },
  },
});
