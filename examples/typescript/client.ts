// Asks the service `greeter` by its contract: `node dist/client.js NAME [LANGUAGE]`.

import { connect } from 'snapcommunicator';
import { greeter } from './greeter.ts';

const [name = 'world', language = 'en'] = process.argv.slice(2);
if (language !== 'en' && language !== 'fr' && language !== 'de') {
  console.error(`${language} is not a language of the service; it speaks en, fr and de`);
  process.exit(2);
}

await using bus = await connect();
// Kept for ten seconds if the service is not there yet: it does not matter which of the two is started first.
const answer = await bus.request(greeter, 'GREET', { name, language }, { cache: { ttl: '10s' } });
// `text` is a string and `count` a number, for the compiler and in fact: the contract has read them.
const { text, count } = answer.parameters;
console.log(`${text} (greetings so far: ${count})`);
