/** Outside Node there are no flags to set. */
export function setV8Flag(_flag: string): void {}
