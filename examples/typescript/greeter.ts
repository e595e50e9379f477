// The contract of the service `greeter`: its commands with the types of their parameters, the same for both sides.

import { defineService, integer, oneOf, string } from 'snapcommunicator';

export const greeter = defineService('greeter', {
  GREET: {
    description: 'Greets somebody, in one of the languages that the service speaks.',
    parameters: {
      name: string({ lengthMax: 100 }),
      language: oneOf('en', 'fr', 'de').default('en'),
      times: integer({ min: 1, max: 10 }).default(1),
    },
    reply: 'GREETED',
  },
  GREETED: {
    parameters: { text: string(), count: integer({ min: 0 }).describe('how often the service has greeted so far') },
  },
});
