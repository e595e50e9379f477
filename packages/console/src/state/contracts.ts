// Addresses in their two parts, and what services understand, as the tools tell it.

export { contractsOf, type ServiceContract } from '@snapcommunicator/network/atlas';

export const serviceOf = (address: string): string => address.slice(address.indexOf(':') + 1);
export const serverOf = (address: string): string => address.slice(0, Math.max(0, address.indexOf(':')));
