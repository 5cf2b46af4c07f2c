export const target: URL;
export function generate(): Promise<string>;
