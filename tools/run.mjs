// The entry of `npm start`, `npm test`, `npm run build` and `npm run check`. Plain Node without a
// dependency: on a fresh clone nothing is installed when this file runs.

const [major, minor] = process.versions.node.split('.').map(Number)

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `Heartline needs Node.js 20.19 or newer; this is ${process.version}. ` +
      'Install a newer one (https://nodejs.org) and run the command again.',
  )
  process.exitCode = 1
} else {
  // Imported late, so that an old Node prints the sentence above and not a syntax error.
  void import('./run/main.mjs').then(({ main }) => main(process.argv.slice(2)))
}
