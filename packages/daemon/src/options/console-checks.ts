// Checks of the console's options: beyond loopback it asks for a password, and keeps it from being read on the way.

import { formatEndpoint, isLoopback } from './addresses.ts';
import { type Inspection, named } from './inspection.ts';

/** Adds to the problems and warnings of the inspection. */
export function checkConsole(inspection: Inspection): void {
  const { values, problems, warnings } = inspection;
  for (const endpoint of values.console) {
    if (isLoopback(endpoint.host)) continue;
    const start = `${named(inspection, 'console')} is ${formatEndpoint(endpoint)}, not a loopback address, and`;
    if (values.consolePasswordsFile === undefined)
      problems.push(
        `${start} there is no password: anybody on that network could see every message. Set console_passwords_file (\`snapcom keys password USER\` writes its lines), or listen on 127.0.0.1`,
      );
    else if (!endpoint.isSecure && !values.consolePlain)
      problems.push(
        `${start} not TLS: passwords and messages could be read on the way. Write https://${formatEndpoint(endpoint)}, or say console_plain=yes if something else protects that network`,
      );
  }
  checkCertificate(inspection);
  if (values.consoleWrite && values.consolePasswordsFile === undefined && values.console.length > 0)
    warnings.push(
      `${named(inspection, 'console_write')} is on and there is no console_passwords_file: every user of this machine may send messages to services from the console`,
    );
}

function checkCertificate(inspection: Inspection): void {
  const { values, problems, machine } = inspection;
  const secure = values.console.find(({ isSecure }) => isSecure);
  // Beside a secure listener it is that one's check that speaks.
  if (secure === undefined || values.secureListen.length > 0) return;
  for (const [name, path] of [
    ['certificate', values.certificate],
    ['private_key', values.privateKey],
  ] as const) {
    if (path === undefined)
      problems.push(
        `${named(inspection, 'console')} is https://${formatEndpoint(secure)}, but ${name} is not set; expected the PEM files of both certificate and private_key`,
      );
    else if (machine.files.read(path) === undefined)
      problems.push(`${named(inspection, name)} is ${path}, which is not there; expected a PEM file`);
  }
}
