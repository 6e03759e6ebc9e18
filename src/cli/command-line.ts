/** How this command is to be typed again: by npm in the repository, else by its name. */
export function commandLine(command: string): string {
  const byNpm = process.env.npm_lifecycle_event === 'start';
  return byNpm && command === 'quickstart'
    ? 'npm start --'
    : `${byNpm ? 'npx ' : ''}gradus ${command}`;
}
