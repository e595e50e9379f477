// The service `greeter`: answers GREET by its contract, until it is told to stop.

import { Communicator } from 'snapcommunicator';
import { greeter } from './greeter.ts';

const words = { en: 'Hello', fr: 'Bonjour', de: 'Guten Tag' };
let count = 0;

const bus = new Communicator(greeter.service);

// The parameters have been checked: a message that breaks the contract is answered with INVALID and never comes here.
bus.on(greeter, 'GREET', async ({ parameters: { name, language, times } }, { reply }) => {
  count += times;
  const text = Array.from({ length: times }, () => `${words[language]}, ${name}!`).join(' ');
  await reply('GREETED', { text, count });
});

bus.on('stop', () => bus.close());

await bus.connect();
